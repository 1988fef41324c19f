//! The series colours: chosen by labels, stable when others come and go.
