//! What a request is about, and whether it is allowed.

mod access;
mod drawing;
mod graph;
mod headers;
mod params;
mod portal;
mod routing;
mod shown;
mod subject;
mod view;

pub use access::Access;
pub use drawing::{drawn_width, file_style, folding, held_chart};
pub use graph::{GraphNumber, GraphRequest};
pub use headers::{browser_path, searching_form};
pub use portal::Portal;
pub use routing::{routed_header, routed_parameters, routing_input};
pub use shown::{ShownEntities, references};
pub use subject::ViewSubject;
pub use view::View;
