//! Finds the borders inside annotation texts that hold PromQL: commas and pipes outside brackets, strings, comments and `{{ }}`.
