//! A float sample as text and JSON.

use std::fmt;

use serde::{Serialize, Serializer};

/// Printed in full; NaN and the infinities as Prometheus writes them. In JSON, which has no word for those, a number
/// or else that text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Float(pub f64);

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            value => write!(f, "{value}"),
        }
    }
}

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_prometheus_writes_them() {
        for (value, text, json) in [
            (f64::NAN, "NaN", "\"NaN\""),
            (f64::INFINITY, "+Inf", "\"+Inf\""),
            (f64::NEG_INFINITY, "-Inf", "\"-Inf\""),
            (2_379_244_622.0, "2379244622", "2379244622.0"),
            (0.1, "0.1", "0.1"),
        ] {
            assert_eq!(Float(value).to_string(), text);
            assert_eq!(serde_json::to_string(&Float(value)).unwrap(), json);
        }
    }
}
