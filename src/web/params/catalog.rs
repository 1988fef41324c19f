//! The catalog's filters. Its search, states and paging are those of every table.

use super::pairs::Pairs;

/// Which entities the catalog lists. Each filter holds a facet's value in lower case; None: every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogParams {
    pub kind: Option<String>,
    pub namespace: Option<String>,
    /// As `spec.owner` has it.
    pub owner: Option<String>,
    /// As `spec.system` has it.
    pub system: Option<String>,
}

impl CatalogParams {
    pub(super) fn read(pairs: &mut Pairs) -> Self {
        let mut facet = |name| pairs.value(name, |text| Ok(text.to_lowercase()));
        Self {
            kind: facet("kind"),
            namespace: facet("namespace"),
            owner: facet("owner"),
            system: facet("system"),
        }
    }
}
