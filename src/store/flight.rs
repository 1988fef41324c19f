//! Single flight: one fetch for all who ask the same at once, in a task of its own.
