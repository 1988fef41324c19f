//! Warnings and infos of an answer: so many are kept, so long each, and the rest is told as a number.

/// Prometheus itself sends at most ten of each; what joins several stores may send one for each store.
const MOST: usize = 50;
/// In characters.
const LONGEST: usize = 1_000;

/// `of` is what they are called, in the plural.
pub fn bounded(remarks: Vec<String>, of: &str) -> Vec<String> {
    let beyond = remarks.len().saturating_sub(MOST);
    let mut kept: Vec<String> = remarks.into_iter().take(MOST).map(cut).collect();
    if beyond > 0 {
        kept.push(format!("{beyond} more {of} came with this answer and are not shown."));
    }
    kept
}

fn cut(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else { return text };
    let beyond = text.chars().count() - LONGEST;
    let kept = text.get(..end).unwrap_or_default();
    format!("{kept}… ({beyond} more characters are not shown)")
}

/// Bytes in memory, about.
pub fn weight(remarks: &[String]) -> usize {
    remarks.iter().map(|remark| remark.len() + 40).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_counted() {
        let few = vec!["é".repeat(LONGEST), String::new()];
        assert_eq!(bounded(few.clone(), "infos"), few);
        let long = bounded(vec!["é".repeat(8_000_000)], "infos");
        assert_eq!(long, [format!("{}… (7999000 more characters are not shown)", "é".repeat(LONGEST))]);
        let many = bounded(vec!["w".to_owned(); 1_000_000], "warnings");
        assert_eq!(many.len(), MOST + 1);
        assert_eq!(many[MOST], "999950 more warnings came with this answer and are not shown.");
    }
}
