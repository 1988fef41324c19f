//! The roof: wires every part once. Tests call it too.
