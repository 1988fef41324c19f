//! The ids of Grafana's units, beyond those that [`Unit`](crate::annotations::Unit) knows.
//!
//! From packages/grafana-data/src/valueFormats/categories.ts of Grafana 12.

use super::units::{GIB, KIB, MIB, Measure, PIB, TIB};
/// How a group of ids is written.
#[derive(Clone, Copy)]
enum Family {
    /// With prefixes from femto to yotta.
    Metric,
    /// With prefixes from kilo up.
    Decimal,
    Binary,
    /// Without prefixes.
    Unscaled,
    /// Seconds.
    Clock,
    /// A currency before the number.
    Money,
    /// A currency behind it.
    MoneyAfter,
}

use Family::{Binary, Clock, Decimal, Metric, Money, MoneyAfter, Unscaled};

/// A name, and the ids with the power of it that one means.
type Group = (Family, &'static str, &'static [(&'static str, f64)]);

const GROUPS: &[Group] = &[
    (Clock, "", &[("timeticks", 0.01)]),
    // Data rates.
    (Decimal, "B/s", &[("KBs", 1e3), ("MBs", 1e6), ("GBs", 1e9), ("TBs", 1e12), ("PBs", 1e15)]),
    (Binary, "B/s", &[("KiBs", KIB), ("MiBs", MIB), ("GiBs", GIB), ("TiBs", TIB), ("PiBs", PIB)]),
    (Decimal, "b/s", &[("Kbits", 1e3), ("Mbits", 1e6), ("Gbits", 1e9), ("Tbits", 1e12), ("Pbits", 1e15)]),
    (Binary, "b/s", &[("Kibits", KIB), ("Mibits", MIB), ("Gibits", GIB), ("Tibits", TIB), ("Pibits", PIB)]),
    (
        Decimal,
        "H/s",
        &[("Hs", 1.0), ("KHs", 1e3), ("MHs", 1e6), ("GHs", 1e9), ("THs", 1e12), ("PHs", 1e15), ("EHs", 1e18)],
    ),
    (
        Decimal,
        "FLOPS",
        &[
            ("flops", 1.0),
            ("mflops", 1e6),
            ("gflops", 1e9),
            ("tflops", 1e12),
            ("pflops", 1e15),
            ("eflops", 1e18),
            ("zflops", 1e21),
            ("yflops", 1e24),
        ],
    ),
    // Energy.
    (Metric, "W", &[("kwatt", 1e3), ("megwatt", 1e6), ("gwatt", 1e9), ("mwatt", 1e-3)]),
    (Metric, "W/m²", &[("Wm2", 1.0)]),
    (Metric, "VA", &[("voltamp", 1.0), ("kvoltamp", 1e3)]),
    (Metric, "var", &[("voltampreact", 1.0), ("kvoltampreact", 1e3)]),
    (Metric, "Wh", &[("watth", 1.0), ("kwatth", 1e3), ("mwatth", 1e6)]),
    (Metric, "Wh/kg", &[("watthperkg", 1.0)]),
    (Metric, "W·min", &[("kwattm", 1e3)]),
    (Metric, "Ah", &[("amph", 1.0), ("kamph", 1e3), ("mamph", 1e-3)]),
    (Metric, "eV", &[("ev", 1.0)]),
    (Metric, "A", &[("kamp", 1e3), ("mamp", 1e-3)]),
    (Metric, "V", &[("kvolt", 1e3), ("mvolt", 1e-3)]),
    (Unscaled, "dBm", &[("dBm", 1.0)]),
    (Metric, "Ω", &[("ohm", 1.0), ("mohm", 1e-3), ("kohm", 1e3), ("Mohm", 1e6)]),
    (
        Metric,
        "F",
        &[("farad", 1.0), ("µfarad", 1e-6), ("nfarad", 1e-9), ("pfarad", 1e-12), ("ffarad", 1e-15)],
    ),
    (Metric, "H", &[("henry", 1.0), ("mhenry", 1e-3), ("µhenry", 1e-6)]),
    (Metric, "lm", &[("lumens", 1.0)]),
    // Rotation.
    (Metric, "Hz", &[("rotkhz", 1e3), ("rotmhz", 1e6), ("rotghz", 1e9)]),
    (Unscaled, "rpm", &[("rotrpm", 1.0)]),
    (Unscaled, "rad/s", &[("rotrads", 1.0)]),
    (Unscaled, "°/s", &[("rotdegs", 1.0)]),
    // Mass, length, area, volume.
    (Metric, "g", &[("massmg", 1e-3), ("masskg", 1e3)]),
    (Unscaled, "lb", &[("masslb", 1.0)]),
    (Unscaled, "t", &[("masst", 1.0)]),
    (Metric, "m", &[("lengthmm", 1e-3), ("lengthkm", 1e3)]),
    (Unscaled, "in", &[("lengthin", 1.0)]),
    (Unscaled, "ft", &[("lengthft", 1.0)]),
    (Unscaled, "mi", &[("lengthmi", 1.0)]),
    (Unscaled, "m²", &[("areaM2", 1.0)]),
    (Unscaled, "ft²", &[("areaF2", 1.0)]),
    (Unscaled, "mi²", &[("areaMI2", 1.0)]),
    (Unscaled, "ac", &[("acres", 1.0)]),
    (Unscaled, "ha", &[("hectares", 1.0)]),
    (Metric, "L", &[("litre", 1.0), ("mlitre", 1e-3)]),
    (Unscaled, "m³", &[("m3", 1.0)]),
    (Unscaled, "Nm³", &[("Nm3", 1.0)]),
    (Unscaled, "dm³", &[("dm3", 1.0)]),
    (Unscaled, "gal", &[("gallons", 1.0)]),
    // Flow, speed, acceleration, angles.
    (Unscaled, "gpm", &[("flowgpm", 1.0)]),
    (Unscaled, "m³/s", &[("flowcms", 1.0)]),
    (Unscaled, "ft³/s", &[("flowcfs", 1.0)]),
    (Unscaled, "ft³/min", &[("flowcfm", 1.0)]),
    (Unscaled, "L/h", &[("litreh", 1.0)]),
    (Unscaled, "L/min", &[("flowlpm", 1.0)]),
    (Unscaled, "mL/min", &[("flowmlpm", 1.0)]),
    (Unscaled, "lx", &[("lux", 1.0)]),
    (Unscaled, "m/s", &[("velocityms", 1.0)]),
    (Unscaled, "km/h", &[("velocitykmh", 1.0)]),
    (Unscaled, "mph", &[("velocitymph", 1.0)]),
    (Unscaled, "kn", &[("velocityknot", 1.0)]),
    (Unscaled, "m/s²", &[("accMS2", 1.0)]),
    (Unscaled, "ft/s²", &[("accFS2", 1.0)]),
    (Unscaled, "g", &[("accG", 1.0)]),
    (Unscaled, "°", &[("degree", 1.0)]),
    (Unscaled, "rad", &[("radian", 1.0)]),
    (Unscaled, "grad", &[("grad", 1.0)]),
    (Unscaled, "arcmin", &[("arcmin", 1.0)]),
    (Unscaled, "arcsec", &[("arcsec", 1.0)]),
    // Force, pressure.
    (Metric, "Nm", &[("forceNm", 1.0), ("forcekNm", 1e3)]),
    (Metric, "N", &[("forceN", 1.0), ("forcekN", 1e3)]),
    (Metric, "bar", &[("pressurebar", 1.0), ("pressurembar", 1e-3), ("pressurekbar", 1e3)]),
    (Metric, "Pa", &[("pressurepa", 1.0), ("pressurekpa", 1e3)]),
    (Unscaled, "hPa", &[("pressurehpa", 1.0)]),
    (Unscaled, "\"Hg", &[("pressurehg", 1.0)]),
    (Unscaled, "psi", &[("pressurepsi", 1.0)]),
    // Radiation.
    (Metric, "Bq", &[("radbq", 1.0)]),
    (Metric, "Ci", &[("radci", 1.0)]),
    (Metric, "Gy", &[("radgy", 1.0)]),
    (Metric, "rad", &[("radrad", 1.0)]),
    (Metric, "Sv", &[("radsv", 1.0), ("radmsv", 1e-3), ("radusv", 1e-6)]),
    (Metric, "rem", &[("radrem", 1.0)]),
    (Metric, "C/kg", &[("radexpckg", 1.0)]),
    (Metric, "R", &[("radr", 1.0)]),
    (Metric, "Sv/h", &[("radsvh", 1.0), ("radmsvh", 1e-3), ("radusvh", 1e-6)]),
    // Concentration.
    (Unscaled, "ppm", &[("ppm", 1.0)]),
    (Unscaled, "ppb", &[("conppb", 1.0)]),
    (Unscaled, "ng/m³", &[("conngm3", 1.0)]),
    (Unscaled, "ng/Nm³", &[("conngNm3", 1.0)]),
    (Unscaled, "µg/m³", &[("conµgm3", 1.0)]),
    (Unscaled, "µg/Nm³", &[("conµgNm3", 1.0)]),
    (Unscaled, "mg/m³", &[("conmgm3", 1.0)]),
    (Unscaled, "mg/Nm³", &[("conmgNm3", 1.0)]),
    (Unscaled, "g/m³", &[("congm3", 1.0)]),
    (Unscaled, "g/Nm³", &[("congNm3", 1.0)]),
    (Unscaled, "mg/dL", &[("conmgdL", 1.0)]),
    (Unscaled, "mmol/L", &[("conmmolL", 1.0)]),
    // Others.
    (Unscaled, "dB", &[("dB", 1.0)]),
    (Metric, "cd", &[("candela", 1.0)]),
    (Unscaled, "px", &[("pixel", 1.0)]),
    // Money.
    (Money, "$", &[("currencyUSD", 1.0)]),
    (Money, "£", &[("currencyGBP", 1.0)]),
    (Money, "€", &[("currencyEUR", 1.0)]),
    (Money, "¥", &[("currencyJPY", 1.0)]),
    (Money, "₽", &[("currencyRUB", 1.0)]),
    (Money, "₴", &[("currencyUAH", 1.0)]),
    (Money, "R$", &[("currencyBRL", 1.0)]),
    (
        MoneyAfter,
        "kr",
        &[("currencyDKK", 1.0), ("currencyISK", 1.0), ("currencyNOK", 1.0), ("currencySEK", 1.0)],
    ),
    (Money, "czk", &[("currencyCZK", 1.0)]),
    (Money, "CHF", &[("currencyCHF", 1.0)]),
    (Money, "PLN", &[("currencyPLN", 1.0)]),
    (Money, "฿", &[("currencyBTC", 1.0)]),
    (Money, "mBTC", &[("currencymBTC", 1.0)]),
    (Money, "µBTC", &[("currencyµBTC", 1.0)]),
    (Money, "R", &[("currencyZAR", 1.0)]),
    (Money, "₹", &[("currencyINR", 1.0)]),
    (Money, "₩", &[("currencyKRW", 1.0)]),
    (Money, "Rp", &[("currencyIDR", 1.0)]),
    (Money, "PHP", &[("currencyPHP", 1.0)]),
    (MoneyAfter, "đ", &[("currencyVND", 1.0)]),
    (MoneyAfter, "₺", &[("currencyTRY", 1.0)]),
    (Money, "RM", &[("currencyMYR", 1.0)]),
    (Money, "XPF", &[("currencyXPF", 1.0)]),
    (Money, "BGN", &[("currencyBGN", 1.0)]),
    (Money, "₲", &[("currencyPYG", 1.0)]),
    (Money, "UYU", &[("currencyUYU", 1.0)]),
    (Money, "₪", &[("currencyILS", 1.0)]),
];

/// Words for true and false.
const BOOLEANS: [(&str, &str, &str); 3] =
    [("bool", "True", "False"), ("bool_yes_no", "Yes", "No"), ("bool_on_off", "On", "Off")];

/// The prefixes of `si:mV`, and their powers.
const PREFIXES: [(char, f64); 13] = [
    ('f', 1e-15),
    ('p', 1e-12),
    ('n', 1e-9),
    ('µ', 1e-6),
    ('m', 1e-3),
    ('k', 1e3),
    ('M', 1e6),
    ('G', 1e9),
    ('T', 1e12),
    ('P', 1e15),
    ('E', 1e18),
    ('Z', 1e21),
    ('Y', 1e24),
];

/// How Grafana's id is written: as it stands in the table, else without regard to capitals. None: it is none of them.
pub(super) fn measure(id: &str) -> Option<Measure> {
    // The Greek letter and the sign look alike.
    let id = id.replace('μ', "µ");
    known(|known| known == id)
        .or_else(|| custom(&id))
        .or_else(|| known(|known| known.eq_ignore_ascii_case(&id)))
}

fn known(is_it: impl Fn(&str) -> bool) -> Option<Measure> {
    if let Some((_, yes, no)) = BOOLEANS.iter().find(|(id, ..)| is_it(id)) {
        return Some(Measure::bool(yes, no));
    }
    GROUPS.iter().find_map(|(family, name, ids)| {
        let (_, factor) = ids.iter().find(|(id, _)| is_it(id))?;
        Some(match family {
            Metric => Measure::metric(*factor, *name),
            Decimal => Measure::prefixed(*factor, name),
            Binary => Measure::binary(*factor, name),
            Unscaled => Measure::unscaled(*name),
            Clock => Measure::clock(*factor),
            Money => Measure::money(name),
            MoneyAfter => Measure::money_after(name),
        })
    })
}

/// The forms `suffix:orders`, `prefix:~`, `count:orders`, `currency:€`, `si:mV`, `bool:up/down`, `time:YYYY-MM-DD`; all
/// times have one form here.
fn custom(id: &str) -> Option<Measure> {
    let (form, rest) = id.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    match form {
        "suffix" | "count" => Some(Measure::named(rest)),
        "prefix" => Some(Measure::before(rest)),
        "currency" => match rest.strip_prefix("financial:") {
            Some(money) => financial(money),
            None => Some(Measure::money(rest)),
        },
        "si" => Some(si(rest)),
        "time" => Some(Measure::time(1.0)),
        "bool" => {
            let (yes, no) = rest.split_once('/').unwrap_or((rest, "-"));
            (!yes.is_empty() && !no.is_empty()).then(|| Measure::bool(yes, no))
        }
        _ => None,
    }
}

/// `$`, or `€:suffix` for a currency behind the number.
fn financial(money: &str) -> Option<Measure> {
    let (symbol, place) = money.split_once(':').unwrap_or((money, ""));
    (!symbol.is_empty()).then(|| Measure::in_full(symbol, place == "suffix"))
}

fn si(unit: &str) -> Measure {
    let mut letters = unit.chars();
    let prefix = letters.next().and_then(|first| PREFIXES.iter().find(|(prefix, _)| *prefix == first));
    match prefix.filter(|_| !letters.as_str().is_empty()) {
        Some((_, factor)) => Measure::metric(*factor, letters.as_str().to_owned()),
        None => Measure::metric(1.0, unit.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::annotations::Unit;

    #[test]
    fn no_id_has_two_meanings() {
        let mut seen = HashSet::new();
        let groups = GROUPS.iter().flat_map(|(_, _, ids)| ids.iter().map(|(id, _)| *id));
        for id in groups.chain(BOOLEANS.iter().map(|(id, ..)| *id)) {
            assert!(seen.insert(id), "{id} stands twice");
            assert_eq!(Unit::parse(id), Some(Unit::Other(id.to_owned())), "{id} is a word of Unit");
        }
    }
}
