//! Numbers for people: compact, with units, tabular.
