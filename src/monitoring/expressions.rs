//! Which rules have an expression, however it is written.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::prometheus::{AlertingRule, InstanceName, Rules};
use crate::promql::{NormalForm, PromQl};

/// The normal forms of the rules' expressions: of each instance those of its newest rules. Cheap to clone.
#[derive(Clone, Default)]
pub struct Expressions(Arc<Mutex<HashMap<InstanceName, Arc<Forms>>>>);

/// By the expression as the instance sends it. None: it is not a query that may be sent.
type Forms = HashMap<Box<str>, Option<NormalForm>>;

impl Expressions {
    /// The places of the rules that have the expression. What is new among thousands of rules is read outside
    /// the threads that serve pages.
    pub async fn places(
        &self,
        instance: &InstanceName,
        rules: &Arc<Rules>,
        wanted: NormalForm,
    ) -> Vec<usize> {
        let known = self.lock().get(instance).cloned().unwrap_or_default();
        let all = rules.clone();
        let Ok(forms) = tokio::task::spawn_blocking(move || next(&known, &all.rules)).await else {
            return Vec::new();
        };
        let has =
            |rule: &AlertingRule| forms.get(rule.query.as_str()).is_some_and(|form| *form == Some(wanted));
        let places = rules.rules.iter().enumerate().filter(|(_, rule)| has(rule)).map(|(place, _)| place);
        let places = places.collect();
        self.lock().insert(instance.clone(), forms);
        places
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceName, Arc<Forms>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The normal forms of these rules. Most of them were read before.
fn next(known: &Arc<Forms>, rules: &[AlertingRule]) -> Arc<Forms> {
    let queries: HashSet<&str> = rules.iter().map(|rule| rule.query.as_str()).collect();
    if queries.len() == known.len() && queries.iter().all(|query| known.contains_key(*query)) {
        return known.clone();
    }
    let form = |query: &str| PromQl::read(query).0.map(|query| query.normal_form());
    let entry = |query: &str| (query.into(), known.get(query).copied().unwrap_or_else(|| form(query)));
    Arc::new(queries.into_iter().map(entry).collect())
}
