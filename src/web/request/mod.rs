//! What a request is about, and whether it is allowed.

mod access;
mod drawing;
mod params;
mod routing;
mod view;

pub use access::Access;
pub use drawing::{drawn_width, file_style};
pub use routing::{routed_parameters, routing_input};
pub use view::{GraphNumber, GraphRequest, Portal, View, ViewSubject};
