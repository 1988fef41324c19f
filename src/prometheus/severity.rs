//! How bad alerts are: the label that says so, and the order of its values.

/// The words of a severity that many use in the place of another. They stand behind it, unless the order has them itself.
const KIN: [(&str, &[&str]); 4] = [
    ("critical", &["emergency", "disaster", "fatal"]),
    ("error", &["high", "major"]),
    ("warning", &["warn", "medium", "moderate", "minor", "low"]),
    ("info", &["information", "informational", "notice"]),
];
/// The value that says the same as no label at all.
const NONE: &str = "none";

/// Which label of an alert says how bad it is, and which values are worse than others.
#[derive(Clone, Debug)]
pub struct Severities {
    label: String,
    /// The worst first. The severity before [`NONE`] has no word: it stands for all words that are not here.
    ladder: Vec<String>,
    none: usize,
}

/// The place of an alert among severities; the least is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeverityRank(u8);

impl Default for Severities {
    fn default() -> Self {
        Self::new(Self::LABEL.to_owned(), &Self::ORDER.map(str::to_owned))
    }
}

impl Severities {
    /// The default label.
    pub const LABEL: &str = "severity";
    /// The default order.
    pub const ORDER: [&str; 6] = ["critical", "page", "error", "warning", "info", NONE];
    /// The most words of an order.
    pub const MOST: usize = 100;

    /// With this order, the worst first. An order without `none` has it at its end.
    pub fn new(label: String, order: &[String]) -> Self {
        let is_listed = |word: &str| order.iter().any(|listed| listed.eq_ignore_ascii_case(word));
        let none = NONE.to_owned();
        let order = order.iter().take(Self::MOST).chain((!is_listed(NONE)).then_some(&none));
        let (mut ladder, mut none) = (Vec::new(), 0);
        for word in order {
            if word.eq_ignore_ascii_case(NONE) {
                ladder.push(String::new());
                none = ladder.len();
            }
            ladder.push(word.clone());
            let kin =
                KIN.iter().filter(|(base, _)| base.eq_ignore_ascii_case(word)).flat_map(|(_, kin)| *kin);
            ladder.extend(kin.filter(|kin| !is_listed(kin)).map(|kin| (*kin).to_owned()));
        }
        Self { label, ladder, none }
    }

    /// The label that has the severity.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Letters match in either case. A word that is not in the order is better than all that are, but for `none`; no word
    /// is `none`.
    pub fn rank(&self, word: Option<&str>) -> SeverityRank {
        let place = match word.filter(|word| !word.is_empty()) {
            None => self.none,
            Some(word) => {
                let place = self.ladder.iter().position(|listed| listed.eq_ignore_ascii_case(word));
                place.unwrap_or(self.none.saturating_sub(1))
            }
        };
        SeverityRank(u8::try_from(place).unwrap_or(u8::MAX))
    }

    /// The word of a severity. None for `none`, and for words that are not in the order.
    pub fn word(&self, rank: SeverityRank) -> Option<&str> {
        let place = usize::from(rank.0);
        let word = self.ladder.get(place).filter(|_| place != self.none)?;
        Some(word.as_str()).filter(|word| !word.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(words: &[&str]) -> Severities {
        Severities::new("level".to_owned(), &words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// The words by their ranks, those of equal rank joined.
    fn sorted(severities: &Severities, words: &[&str]) -> String {
        let mut ranked: Vec<_> = words.iter().map(|word| (severities.rank(Some(word)), *word)).collect();
        ranked.sort();
        let groups = ranked.chunk_by(|(one, _), (other, _)| one == other);
        let joined = groups.map(|group| group.iter().map(|(_, word)| *word).collect::<Vec<_>>().join("="));
        joined.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_default_order_knows_what_others_call_its_severities() {
        let all = [
            "none", "", "P1", "zz", "INFO", "notice", "low", "warn", "Warning", "major", "error", "page",
            "fatal", "critical",
        ];
        assert_eq!(
            sorted(&Severities::default(), &all),
            "critical fatal page error major Warning warn low INFO notice P1=zz =none"
        );
        assert_eq!(Severities::default().rank(None), Severities::default().rank(Some("None")));
        assert_eq!(Severities::default().label(), "severity");
    }

    #[test]
    fn a_given_order_is_the_order() {
        let given = order(&["P1", "low", "none", "warning", "P1"]);
        assert_eq!(
            sorted(&given, &["warn", "warning", "", "none", "critical", "low", "p1"]),
            "p1 low critical =none warning warn"
        );
        assert_eq!(sorted(&order(&["info"]), &["", "none", "x", "notice", "info"]), "info notice x =none");
        assert_eq!(sorted(&order(&[]), &["", "none", "x"]), "x =none");
    }

    #[test]
    fn only_words_of_the_order_are_named() {
        let severities = Severities::default();
        let word = |text| severities.word(severities.rank(text));
        assert_eq!(word(Some("CRITICAL")), Some("critical"));
        assert_eq!(word(Some("fatal")), Some("fatal"));
        assert_eq!((word(Some("P1")), word(Some("none")), word(None)), (None, None, None));
        let many: Vec<String> = (0..300).map(|i| format!("p{i}")).collect();
        let many = Severities::new(String::new(), &many);
        assert!(many.rank(Some("p0")) < many.rank(Some("p99")));
        assert!(many.rank(Some("p99")) < many.rank(Some("p100")), "it is too far down to be in the order");
    }
}
