//! Which instance answers for an entity, and why none does.

/// A service-name that no instance has. `known` is for the reader, to mend the annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstance {
    pub asked: String,
    pub known: Vec<String>,
}
