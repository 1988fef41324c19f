//! The Prometheus inside `promenade demo`: real HTTP on loopback, answers from closed-form functions of time.
