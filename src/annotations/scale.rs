//! How a chart places values.

/// The value axis of a graph, as its reader wants it. The ends are in the unit of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scale {
    /// Whether the axis has zero. None: that of areas does, that of lines where they are not flat then.
    pub zero: Option<bool>,
    /// Values of zero and below have no place.
    pub log: bool,
    /// An end is moved outwards to the next tick.
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Scale {
    /// An end of a logarithmic axis is above zero.
    pub fn usable(&self, end: Option<f64>) -> Option<f64> {
        end.filter(|end| !self.log || *end > 0.0)
    }

    pub fn unusable_ends(&self) -> Vec<f64> {
        [self.min, self.max].into_iter().flatten().filter(|end| self.log && *end <= 0.0).collect()
    }

    /// Whether the data do not choose the axis alone.
    pub fn is_fixed(&self) -> bool {
        self.log || self.min.is_some() || self.max.is_some()
    }
}
