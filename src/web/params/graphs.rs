//! How graphs are drawn: `log` holds for all graphs of the page, `log=4:true` for the fourth one, where it wins.

use super::pairs::{Pairs, of_graph};
use crate::annotations::{GraphSpec, GraphType, Scale, Unit};
use crate::page_params::{PageDefaults, read_flag};

/// The parameters, in the order of the address that links write.
pub const CHOICES: [&str; 7] = ["graphType", "unit", "stack", "zero", "log", "min", "max"];
/// Those whose bare name means yes.
const FLAGS: [&str; 3] = ["stack", "zero", "log"];
/// The most values for single graphs that an address may carry of a parameter.
const MOST: usize = 200;

/// What an address says of all graphs or of one.
#[derive(Clone, Debug, Default, PartialEq)]
struct GraphChoice {
    graph_type: Option<GraphType>,
    unit: Option<Unit>,
    stack: Option<bool>,
    zero: Option<bool>,
    log: Option<bool>,
    min: Option<f64>,
    max: Option<f64>,
}

/// The choices of a page.
#[derive(Clone, Debug, Default)]
pub struct GraphParams {
    all: GraphChoice,
    /// By the number that the graph has in addresses.
    own: Vec<(usize, GraphChoice)>,
}

impl GraphParams {
    pub(super) fn read(pairs: &mut Pairs, defaults: &PageDefaults) -> Self {
        let mut params = Self::default();
        for name in CHOICES {
            for text in of_single_graphs(pairs, name) {
                params.read_own(pairs, name, &text);
            }
        }
        let all = &mut params.all;
        all.graph_type = pairs.value_or("graphType", defaults.graph_type, str::parse);
        all.unit = pairs.value("unit", read_unit);
        all.stack = pairs.flag("stack", None);
        all.zero = pairs.flag("zero", None);
        all.log = pairs.flag("log", None);
        all.min = pairs.value("min", read_end);
        all.max = pairs.value("max", read_end);
        params.refuse_ends(pairs);
        params
    }

    /// `text`: `4:true`
    fn read_own(&mut self, pairs: &mut Pairs, name: &'static str, text: &str) {
        let Some((number, value)) = of_graph(text) else { return };
        // Without a value, which a flag may have.
        if value.is_empty() && !FLAGS.contains(&name) {
            return;
        }
        let known = self.own.iter().position(|(own, _)| *own == number);
        let mut choice = known.and_then(|at| self.own.get(at)).map(|(_, c)| c.clone()).unwrap_or_default();
        match choice.set(name, value) {
            Ok(true) => {
                pairs.keep(name, text.to_owned());
                match known.and_then(|at| self.own.get_mut(at)) {
                    Some((_, own)) => *own = choice,
                    None => self.own.push((number, choice)),
                }
            }
            Ok(false) => pairs.refuse(name, format!("graph {number} has it more than once")),
            Err(end) => pairs.refuse_value(name, text, &end),
        }
    }

    /// An axis without a length is none.
    fn refuse_ends(&mut self, pairs: &mut Pairs) {
        if let Some(fault) = self.all.take_ends() {
            pairs.refuse("min", fault);
            ["min", "max"].into_iter().for_each(|name| pairs.unkeep_of_graph(name, None));
        }
        let all = &self.all;
        for (number, own) in &mut self.own {
            if let Some(fault) = own.clone().over(all).take_ends() {
                (own.min, own.max) = (None, None);
                pairs.refuse("min", format!("graph {number}: {fault}"));
                ["min", "max"].into_iter().for_each(|name| pairs.unkeep_of_graph(name, Some(*number)));
            }
        }
    }

    /// The graph with this number, as the address has it drawn.
    pub fn chosen(&self, number: usize, spec: GraphSpec) -> GraphSpec {
        let own = self.own.iter().find(|(own, _)| *own == number).map(|(_, choice)| choice.clone());
        let GraphChoice { graph_type, unit, stack, zero, log, min, max } =
            own.unwrap_or_default().over(&self.all);
        GraphSpec {
            graph_type: graph_type.or(spec.graph_type),
            unit: unit.or(spec.unit),
            stack: stack.unwrap_or(spec.stack),
            scale: Scale { zero, log: log.unwrap_or_default(), min, max },
            ..spec
        }
    }
}

impl GraphChoice {
    /// False: it is set already.
    fn set(&mut self, name: &str, text: &str) -> Result<bool, String> {
        Ok(match name {
            "graphType" => is_first(&mut self.graph_type, text.parse()?),
            "unit" => is_first(&mut self.unit, read_unit(text)?),
            "stack" => is_first(&mut self.stack, read_flag(text)?),
            "zero" => is_first(&mut self.zero, read_flag(text)?),
            "log" => is_first(&mut self.log, read_flag(text)?),
            "min" => is_first(&mut self.min, read_end(text)?),
            _ => is_first(&mut self.max, read_end(text)?),
        })
    }

    /// These, and `all` for what they leave out.
    fn over(self, all: &Self) -> Self {
        Self {
            graph_type: self.graph_type.or(all.graph_type),
            unit: self.unit.or_else(|| all.unit.clone()),
            stack: self.stack.or(all.stack),
            zero: self.zero.or(all.zero),
            log: self.log.or(all.log),
            min: self.min.or(all.min),
            max: self.max.or(all.max),
        }
    }

    /// Takes the ends of the axis away where they cannot be used, and says why.
    fn take_ends(&mut self) -> Option<String> {
        let (min, max) = self.min.zip(self.max).filter(|(min, max)| min >= max)?;
        (self.min, self.max) = (None, None);
        Some(format!("min {min} is not below max {max}"))
    }
}

fn is_first<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}

/// Whether a value is for one graph: `4:true`.
pub fn is_of_single_graph(name: &str, value: &str) -> bool {
    CHOICES.contains(&name) && of_graph(value).is_some()
}

/// Takes the values for single graphs out.
fn of_single_graphs(pairs: &mut Pairs, name: &'static str) -> Vec<String> {
    let mut texts = pairs.take(name, |value| of_graph(value).is_some());
    if texts.len() > MOST {
        pairs.refuse(name, format!("given more than {MOST} times; the rest is ignored"));
        texts.truncate(MOST);
    }
    texts
}

fn read_unit(text: &str) -> Result<Unit, String> {
    let unit = Unit::parse(text);
    unit.ok_or_else(|| format!("is not a unit: a word of at most {} characters", Unit::MAX_CHARS))
}

/// An end of the value axis, in the unit of the samples.
fn read_end(text: &str) -> Result<f64, String> {
    let end = text.parse::<f64>().ok().filter(|end| end.is_finite());
    end.ok_or_else(|| "is not a number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::PageParams;

    fn params(query: &str) -> PageParams {
        PageParams::read(query, &PageDefaults::default(), "2026-11-23T14:02:15Z".parse().unwrap())
    }

    fn check(query: &str, number: usize, expected: &str) {
        let params = params(query);
        let spec = params.graphs.chosen(number, GraphSpec::default());
        let Scale { zero, log, min, max } = spec.scale;
        let unit = spec.unit.as_ref().map(Unit::as_str);
        let shown = format!(
            "{:?} {unit:?} {} {zero:?} {log} {min:?} {max:?}",
            spec.graph_type.map(GraphType::as_str),
            spec.stack
        );
        let problems: String = params.problems.iter().map(|p| format!(" !{}", p.parameter)).collect();
        assert_eq!(shown.replace("None", "-") + &problems, expected, "{query}");
    }

    #[test]
    fn the_choice_of_a_graph_wins_over_that_of_the_page() {
        let query =
            "graphType=area&graphType=4:line&unit=bytes&unit=4:suffix:x&stack&stack=4:false&log=4:true";
        check(query, 1, "Some(\"area\") Some(\"bytes\") true - false - -");
        check(query, 4, "Some(\"line\") Some(\"suffix:x\") false - true - -");
        check("min=1&max=2:9&zero=2:true", 2, "- - false Some(true) false Some(1.0) Some(9.0)");
        check("min=1&max=2:9&zero=2:true", 3, "- - false - false Some(1.0) -");
    }

    #[test]
    fn what_cannot_be_used_is_told_and_harms_nothing_else() {
        check("min=5&max=5", 1, "- - false - false - - !min");
        check("min=5&max=2:3&max=3:9", 2, "- - false - false Some(5.0) - !min");
        check("min=5&max=2:3&max=3:9", 3, "- - false - false Some(5.0) Some(9.0) !min");
        check("min=1:&log=1:", 1, "- - false - true - -");
        check("min=1:x&max=1:inf&log=1:maybe&log=1:true", 1, "- - false - true - - !log !min !max");
        check("min=1:1&min=1:2", 1, "- - false - false Some(1.0) - !min");
        check("log=true&log=false", 1, "- - false - false - - !log");
        check("unit=suffix:x", 1, "- Some(\"suffix:x\") false - false - -");
    }

    #[test]
    fn links_keep_what_is_understood() {
        let given = params("log=2:true&min=7:5&max=7:5&graphType=area").given;
        let given: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(given.join("&"), "log=2:true&graphType=area");
    }
}
