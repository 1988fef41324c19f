//! What the demo answers when the evaluation of its rules or of a query panics.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use tokio::sync::watch;

use super::{DemoAnswers, EvaluatedState, http, keep_evaluating};
use crate::clock;
use crate::demo::waves::Story;
use crate::engine::{ClosedSeries, EngineLabels};

const NOW: f64 = 1_795_400_000.0;

/// A series of the rules that cannot be evaluated.
fn broken() -> ClosedSeries {
    let labels =
        [("__name__", "up"), ("job", "gateway")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    ClosedSeries {
        labels: EngineLabels::new(labels),
        between: (i64::MIN, i64::MAX),
        samples: Box::new(|_| panic::resume_unwind(Box::new("a planted panic"))),
    }
}

#[actix_web::test]
async fn a_panic_of_an_evaluation_is_an_error_and_no_answer() {
    let (answers, rules) = DemoAnswers::read(Story::beginning(NOW)).expect("the embedded files");
    let state = EvaluatedState { rules: rules.rules(), engine: answers.engine.clone() };
    let (sender, evaluated) = watch::channel(Some(Arc::new(state)));
    let engine = answers.engine.clone().with(vec![broken()]);
    keep_evaluating(rules, engine.clone(), sender, Arc::new(AtomicBool::new(false))).await;
    let answers = Data::new(DemoAnswers { evaluated, engine, ..answers });
    let demo = init_service(App::new().app_data(answers).configure(http::routes)).await;
    let now = clock::now().as_second();
    for (path, status) in [
        ("/api/v1/rules", 503),
        ("/api/v1/query?query=ALERTS", 503),
        ("/alertmanager/api/v2/alerts", 503),
        ("/api/v1/query?query=up", 500),
        (&format!("/api/v1/query_range?query=up&start={now}&end={now}&step=1"), 500),
        ("/api/v1/series?match[]=up", 500),
        ("/api/v1/query?query=time()", 200),
    ] {
        let answer = call_service(&demo, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}
