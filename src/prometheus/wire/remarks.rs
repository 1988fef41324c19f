//! Warnings and infos of an answer: of any number and length, and from some servers no texts at all.

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::parts::Bounded;
use crate::upstream::HeaderSecrets;

/// The most remarks of one kind that are kept.
const MOST: usize = 100;
/// The most characters of a remark that are kept.
const LONGEST: usize = 2_000;
/// The most that are read: headers are shorter, so no cut divides the value of one.
const LONGEST_READ: usize = 64 << 10;
/// Thanos before 0.15 wrote its warnings as `null` or `{}`.
const WORDLESS: &str = "the instance warns, but does not say of what";

/// Remarks, each once. Those for which there is no room are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    texts: Vec<String>,
    more: usize,
}

impl Remarks {
    pub fn add(&mut self, remark: impl Into<String>) {
        let remark = clipped(remark.into(), LONGEST_READ);
        if self.texts.contains(&remark) {
            return;
        }
        if self.texts.len() < MOST {
            self.texts.push(remark);
        } else {
            self.more += 1;
        }
    }

    pub fn add_all(&mut self, others: Self) {
        others.texts.into_iter().for_each(|remark| self.add(remark));
        self.more += others.more;
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Without the values of the headers that were sent.
    pub fn into_vec(self, secrets: &HeaderSecrets) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        let texts = self.texts.iter().map(|text| clipped(secrets.redacted(text).into_owned(), LONGEST));
        texts.chain(more).collect()
    }
}

/// Takes any shape: a remark that cannot be read is still one.
impl<'de> Deserialize<'de> for Remarks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        let mut remarks = Self::default();
        match serde_json::from_str::<Bounded<&RawValue>>(json) {
            Ok(Bounded { first, more }) => {
                first.into_iter().for_each(|remark| remarks.add(words(remark.get())));
                remarks.more += more;
            }
            Err(_) => remarks.add(words(json)),
        }
        Ok(remarks)
    }
}

/// The text that a remark is.
pub fn words(json: &str) -> String {
    let fields = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match serde_json::from_str::<Option<String>>(json) {
        Ok(text) => text.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| WORDLESS.to_owned()),
        Err(_) if fields.is_some_and(|fields| fields.trim().is_empty()) => WORDLESS.to_owned(),
        Err(_) => json.to_owned(),
    }
}

fn clipped(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
        // It is kept for as long as the answer.
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_remark() {
        for (json, texts) in [
            ("null", &[][..]),
            ("[]", &[]),
            (r#"["a","b","a"]"#, &["a", "b"]),
            (r#""one""#, &["one"]),
            (r#"[null,{},{ }," "]"#, &[WORDLESS]),
            (r#"[{"code":7},3]"#, &[r#"{"code":7}"#, "3"]),
            ("true", &["true"]),
        ] {
            let remarks: Remarks = serde_json::from_str(json).unwrap();
            assert_eq!(remarks.into_vec(&HeaderSecrets::default()), texts, "{json}");
        }
    }

    #[test]
    fn remarks_are_bounded_and_the_rest_is_counted() {
        let of = |texts: &[String]| {
            let json = serde_json::to_string(texts).unwrap();
            serde_json::from_str::<Remarks>(&json).unwrap()
        };
        let mut many = of(&(0..MOST + 50).map(|i| i.to_string()).collect::<Vec<_>>());
        many.add_all(many.clone());
        let many = many.into_vec(&HeaderSecrets::default());
        assert_eq!((many.len(), many[MOST].as_str()), (MOST + 1, "and 100 more"));
        let countless = of(&vec!["a".to_owned(); 60_000]).into_vec(&HeaderSecrets::default());
        assert_eq!(countless, ["a", "and 10000 more"]);
        let long = of(&["é".repeat(LONGEST + 1), "é".repeat(LONGEST)]);
        let long = long.into_vec(&HeaderSecrets::default());
        assert_eq!(long.iter().map(|text| text.chars().count()).collect::<Vec<_>>(), [LONGEST + 1, LONGEST]);
        assert!(long[0].ends_with('…'));
    }
    #[test]
    fn a_value_of_a_header_is_taken_out_before_a_remark_is_cut() {
        let secrets =
            HeaderSecrets::of(&[("authorization".to_owned(), "Bearer canary-token".to_owned().into())]);
        let mut remarks = Remarks::default();
        for before in [0, LONGEST - 4, LONGEST] {
            remarks.add(format!("{}canary-token{}", "é".repeat(before), "é".repeat(LONGEST)));
        }
        for text in remarks.into_vec(&secrets) {
            assert!(!text.contains("cana") && text.chars().count() <= LONGEST + 1, "{text}");
        }
    }
}
