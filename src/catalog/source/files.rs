//! Entities from YAML files: globs, locations that point further, reload.
