//! Finds entities by text and by facet.
