//! Warnings and infos: texts beside an answer, of any number and length, and with some peers no texts at all.

use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

/// The most remarks of one kind that are kept.
const MOST: usize = 100;
/// The most characters of a remark that are kept.
const LONGEST: usize = 2_000;
/// Thanos before 0.15 wrote its warnings as `null` or `{}`.
const WORDLESS: &str = "the instance warns, but does not say of what";

/// Remarks, each once. An instance that remarks too much is told to have said more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks(Vec<String>);

impl Remarks {
    pub fn add(&mut self, remark: impl Into<String>) {
        let remark = clipped(remark.into());
        if self.0.contains(&remark) || self.0.len() > MOST {
            return;
        }
        self.0.push(if self.0.len() < MOST { remark } else { format!("and more than the {MOST} before") });
    }

    pub fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// Takes any shape: a remark that cannot be read is still one.
impl<'de> Deserialize<'de> for Remarks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut remarks = Self::default();
        match Value::deserialize(deserializer)? {
            Value::Null => {}
            Value::Array(list) => list.into_iter().for_each(|value| remarks.add(words(value))),
            one => remarks.add(words(one)),
        }
        Ok(remarks)
    }
}

fn words(value: Value) -> String {
    match value {
        Value::String(text) if !text.trim().is_empty() => text,
        Value::Null | Value::String(_) => WORDLESS.to_owned(),
        Value::Object(fields) if fields.is_empty() => WORDLESS.to_owned(),
        other => other.to_string(),
    }
}

fn clipped(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
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
            (r#"[null,{}," "]"#, &[WORDLESS]),
            (r#"[{"code":7},3]"#, &[r#"{"code":7}"#, "3"]),
            ("true", &["true"]),
        ] {
            let remarks: Remarks = serde_json::from_str(json).unwrap();
            assert_eq!(remarks.into_vec(), texts, "{json}");
        }
    }

    #[test]
    fn remarks_are_bounded_and_the_bound_is_told() {
        let of = |texts: &[String]| {
            let mut remarks = Remarks::default();
            texts.iter().for_each(|text| remarks.add(text.as_str()));
            remarks.into_vec()
        };
        let many = of(&(0..MOST + 50).map(|i| i.to_string()).collect::<Vec<_>>());
        assert_eq!((many.len(), many[MOST].as_str()), (MOST + 1, "and more than the 100 before"));
        let long = of(&["é".repeat(LONGEST + 1), "é".repeat(LONGEST)]);
        assert_eq!(long.iter().map(|text| text.chars().count()).collect::<Vec<_>>(), [LONGEST + 1, LONGEST]);
        assert!(long[0].ends_with('…'));
    }
}
