//! YAML within budgets, with the positions of what was read: for config and catalog.
