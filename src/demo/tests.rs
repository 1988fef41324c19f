//! What the demo answers when the evaluation of its rules or of a query panics.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use tokio::sync::watch;

use super::{DemoAnswers, EvaluatedState, RuleEvaluation, http, keep_evaluating};
use crate::clock;
use crate::demo::waves::Story;
use crate::engine::{ClosedSeries, EngineLabels};

const RULES: &str = "{groups: [{name: g, interval: 15s, rules: [{alert: A, expr: up}]}]}";

/// A series that cannot be evaluated.
fn broken() -> ClosedSeries {
    let labels =
        [("__name__", "up"), ("job", "gateway")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    ClosedSeries {
        labels: EngineLabels::new(labels),
        between: (i64::MIN, i64::MAX),
        samples: Box::new(|_| panic::resume_unwind(Box::new("a planted panic"))),
    }
}

async fn expect_statuses(answers: DemoAnswers, expected: &[(&str, u16)]) {
    let demo = init_service(App::new().app_data(Data::new(answers)).configure(http::routes)).await;
    for (path, status) in expected {
        let answer = call_service(&demo, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(answer.status().as_u16(), *status, "{path}");
    }
}

#[actix_web::test]
async fn a_panic_of_an_evaluation_is_an_error_and_no_answer() {
    let now = clock::now();
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
    let story = Story::beginning(now.as_second() as f64);
    let (answers, _) = DemoAnswers::read(story).expect("the embedded files");
    let rules = RuleEvaluation::read(&[("rules.yml", RULES)], now.as_millisecond()).expect("one rule");
    let engine = answers.engine.clone().with(vec![broken()]);
    let state = EvaluatedState { rules: rules.rules(), engine: engine.clone() };
    let (sender, evaluated) = watch::channel(Some(Arc::new(state)));
    let answers = DemoAnswers { evaluated, ..answers };
    let now = now.as_second();
    let range = format!("/api/v1/query_range?query=up&start={now}&end={now}&step=1");
    let of_a_query = [
        ("/api/v1/rules", 200),
        ("/api/v1/query?query=up", 500),
        (range.as_str(), 500),
        ("/api/v1/series?match[]=up", 500),
        ("/api/v1/query?query=time()", 200),
    ];
    expect_statuses(answers.clone(), &of_a_query).await;
    keep_evaluating(rules, engine, sender, Arc::new(AtomicBool::new(false))).await;
    let of_the_rules = [
        "/api/v1/rules",
        "/alertmanager/api/v2/alerts",
        "/api/v1/query?query=ALERTS",
        "/api/v1/query?query=%7Balertstate=%22firing%22%7D",
        "/api/v1/query?query=count(%7B__name__=~%22AL.%2B%22%7D)",
        "/api/v1/query?query=time()",
        range.as_str(),
        "/api/v1/series?match[]=ALERTS",
        "/api/v1/labels",
        "/api/v1/label/alertname/values",
    ];
    expect_statuses(answers, &of_the_rules.map(|path| (path, 503))).await;
}
