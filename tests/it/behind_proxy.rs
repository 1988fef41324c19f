//! A portal below a path, behind a proxy that lets little through.
