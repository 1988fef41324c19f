//! What a request asks for, and whether it may.

mod access;
mod drawing;
mod params;
mod routing;
mod view;

pub use access::Access;
pub use drawing::{FileSize, drawn_width};
pub use routing::{routed_parameters, routing_input};
pub use view::{GraphNumber, GraphRequest, Portal, Subject, View, bad_parameter};
