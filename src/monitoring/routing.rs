//! Which instance answers for an entity, and why none does.

use crate::prometheus::InstanceName;

/// A service-name that no instance has. `known` is for the reader, to mend the annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstance {
    /// None: the entity chooses no instance, and there is no unnamed one to fall back to.
    pub asked: Option<String>,
    /// Every configured instance, by name; may be empty.
    pub known: Vec<String>,
}

/// What is configured under a service-name, letter for letter; without one, under the unnamed instance's name.
pub fn choose<'a, T>(
    service_name: Option<&str>,
    configured: impl Iterator<Item = (&'a InstanceName, T)>,
) -> Result<T, UnknownInstance> {
    let wanted = service_name.unwrap_or(InstanceName::DEFAULT);
    let mut known = Vec::new();
    for (name, instance) in configured {
        if name.as_str() == wanted {
            return Ok(instance);
        }
        known.push(name.to_string());
    }
    Err(UnknownInstance { asked: service_name.map(str::to_owned), known })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ok` of a name, or `Err` of what was asked; the known ones are always all.
    fn check(configured: &[&str], service_name: Option<&str>, expected: Result<&str, Option<&str>>) {
        let names: Vec<InstanceName> = configured.iter().map(|n| InstanceName::new(n)).collect();
        let found = choose(service_name, names.iter().map(|n| (n, n.as_str())));
        match expected {
            Ok(name) => assert_eq!(found, Ok(name)),
            Err(asked) => {
                let known = configured.iter().map(ToString::to_string).collect();
                assert_eq!(found, Err(UnknownInstance { asked: asked.map(str::to_owned), known }));
            }
        }
    }

    #[test]
    fn exact_or_not_at_all() {
        check(&["default", "prod"], None, Ok("default"));
        check(&["default", "prod"], Some("prod"), Ok("prod"));
        check(&["default", "prod"], Some("default"), Ok("default"));
        check(&["default", "prod"], Some("Prod"), Err(Some("Prod")));
        check(&["default", "prod"], Some("pro"), Err(Some("pro")));
        check(&["default", "prod"], Some(""), Err(Some("")));
        check(&["prod", "staging"], None, Err(None));
        check(&["prod", "staging"], Some("default"), Err(Some("default")));
        check(&[], None, Err(None));
    }
}
