//! The world that the portal is tested in: real parts, and a scripted upstream for faults.

pub mod prometheus;
pub mod upstream;
