//! What an entity's pages have in common: who asks about what, and how long they wait for panels.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};
use url::Url;

use super::Shell;
use super::head::Head;
use super::time_bar::TimeBar;
use crate::annotations::MonitoringSpec;
use crate::catalog::{Catalog, Entity, Members, Snapshot};
use crate::monitoring::{Account, AlertQuery, Failure, Monitoring, Routed, RoutingInput, UnknownInstance};
use crate::web::drawing::drawn;
use crate::web::links::{Page, Source};
use crate::web::panels::members::{MemberList, members_of};
use crate::web::panels::{
    AccountPanel, AlertsPanel, GraphPanel, MembersPanel, PanelContext, ProblemsPanel, ResolvedAlertPanel,
    StateSummary,
};
use crate::web::{Chosen, ErrorText, Facts, Links, PageError, PageParams, RowId, Subject, WebSettings};

/// A page of several panels shows one that has not come by then as loading; the fetch goes on in the store.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How long a panel may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The page has other panels, and this one can fetch itself.
    Briefly,
    /// Nothing else is asked for.
    Fully,
}

/// A request about one entity.
pub struct Scene {
    pub entity: Arc<Entity>,
    pub spec: MonitoringSpec,
    pub params: PageParams,
    pub settings: web::Data<WebSettings>,
    /// Of an entity whose kind has members.
    pub members: Option<Members>,
    snapshot: Arc<Snapshot>,
    facts: RoutingInput,
    monitoring: web::Data<Monitoring>,
    /// The instance of the page's queries.
    routed: Result<Routed, UnknownInstance>,
    /// The path that the reader's browser shows, when a panel is asked for alone.
    seen: Option<String>,
    drawn: Option<u32>,
}

impl FromRequest for Scene {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let subject = Subject::from_request(request, payload);
        let params = PageParams::from_request(request, payload);
        let facts = Facts::from_request(request, payload);
        let monitoring = request.app_data::<web::Data<Monitoring>>().cloned();
        let settings = request.app_data::<web::Data<WebSettings>>().cloned();
        let snapshot = request.app_data::<web::Data<Catalog>>().map(|catalog| catalog.snapshot());
        let seen = request.headers().get("HX-Current-URL").and_then(|url| url.to_str().ok());
        let seen = seen.and_then(|url| Url::parse(url).ok()).map(|url| url.path().to_owned());
        let drawn = drawn(request.headers(), request.query_string());
        async move {
            let unwired = || PageError::internal("an entity's page", &"it is not wired");
            let entity = subject.await?.entity;
            let params = params.await?;
            let monitoring = monitoring.ok_or_else(unwired)?;
            let snapshot = snapshot.ok_or_else(unwired)?;
            let spec = MonitoringSpec::of(&entity);
            let facts = facts.await?.0;
            Ok(Self {
                routed: monitoring.route(&entity, &spec, &facts),
                members: members_of(&snapshot, &entity),
                snapshot,
                facts,
                spec,
                entity,
                params,
                monitoring,
                settings: settings.ok_or_else(unwired)?,
                seen,
                drawn,
            })
        }
        .boxed_local()
    }
}

impl Scene {
    pub fn links(&self) -> Links<'_> {
        self.settings.links(&self.params)
    }

    /// The panels' view of this page. A panel that is asked for alone belongs to the page that the reader sees.
    pub fn setting<'a>(&'a self, page: &'a str) -> PanelContext<'a> {
        let page = self.seen.as_deref().filter(|seen| self.is_own(seen)).unwrap_or(page);
        PanelContext {
            links: self.links(),
            source: Source::Entity(&self.entity.reference),
            name: self.entity.display_name(),
            page,
            tells_parent: !self.settings.parent_origins.is_empty(),
            ad_hoc: self.settings.ad_hoc,
            drawn: self.drawn,
        }
    }

    /// Whether the reader's browser shows the page of this address.
    pub fn is_seen(&self, page: &str) -> bool {
        self.seen.as_deref() == Some(page)
    }

    fn is_own(&self, path: &str) -> bool {
        let links = self.links();
        let reference = &self.entity.reference;
        let alerts = Page::Alerts(Source::Entity(reference));
        let own = [Page::Entity(reference), alerts, Page::Graphs(reference)];
        own.into_iter().any(|own| links.to(own).path() == path)
    }

    pub fn routed(&self) -> Result<&Routed, Failure> {
        self.routed.as_ref().map_err(|unknown| Failure::UnknownInstance(unknown.clone()))
    }

    /// Why no panel of the page can have an answer, said once.
    pub fn fault(&self) -> Option<ErrorText> {
        self.routed().err().map(|failure| ErrorText::of(&failure))
    }

    pub fn problems(&self) -> Option<ProblemsPanel> {
        ProblemsPanel::of(&self.entity, &self.spec.problems)
    }

    /// How this page was made.
    pub fn account(&self) -> AccountPanel {
        let account = Account::of(&self.entity, &self.spec, &self.routed, &self.params.period);
        AccountPanel::of(account, self.fault(), self.problems())
    }

    /// What became of the alert that the address is about, when it is over and would be this entity's.
    pub async fn landed(&self) -> Option<ResolvedAlertPanel> {
        let landed = &self.params.landed;
        let labels = landed.labels.clone()?;
        let instance = &self.routed().ok()?.instance;
        let wanted = AlertQuery { labels, at: landed.at, instance: None, ad_hoc: self.settings.ad_hoc };
        let over = self.monitoring.is_resolved(instance, &self.spec, &wanted, self.params.period.now).await;
        if !over {
            return None;
        }
        let (own, now) = (self.spec.alerts.as_ref(), self.params.period.now);
        let episode = self.monitoring.last_firing(instance, &wanted, own, now);
        let episode = tokio::time::timeout(PATIENCE, episode).await.unwrap_or(Err(Failure::Late));
        Some(ResolvedAlertPanel::of(&wanted.labels, episode, &self.params))
    }

    pub async fn alerts(&self, setting: &PanelContext<'_>, wait: Wait, is_fragment: bool) -> AlertsPanel {
        let (instance, answer) = match self.routed() {
            Err(failure) => (None, Some(Err(failure))),
            Ok(routed) => {
                let show_inactive = self.params.table.show_inactive;
                let asked = self.monitoring.alerts(
                    &routed.instance,
                    &self.spec,
                    show_inactive,
                    self.params.period.now,
                );
                (Some(routed.settings()), within(wait, asked).await)
            }
        };
        AlertsPanel::of(setting, instance, answer, is_fragment)
    }

    /// What belongs to the entity; None where nothing does.
    pub async fn members(&self, list: MemberList) -> Option<MembersPanel> {
        let members = self.members.as_ref().filter(|members| !members.rows.is_empty())?;
        let overview = self.monitoring.overview(&self.snapshot, &self.facts, self.params.period.now).await;
        let links = self.links();
        let panel = MembersPanel::of(&self.snapshot, &self.entity, members, &overview, links, list);
        Some(MembersPanel { leads_page: self.spec.alerts.is_none(), ..panel })
    }

    /// The graph of a row's expression; the row is looked for among the entity's own.
    pub async fn alert_graph(&self, setting: &PanelContext<'_>, id: RowId) -> GraphPanel {
        let found = async {
            let instance = &self.routed()?.instance;
            let table = self.monitoring.alerts(instance, &self.spec, true, self.params.period.now).await?;
            let Some(row) = table.rows.into_iter().find(|row| RowId::of(row) == id) else { return Ok(None) };
            let graph = self.monitoring.alert_graph(instance, &row, &self.params.period).await;
            Ok(Some((row, graph)))
        };
        let found = found.await;
        GraphPanel::of_alert(setting, self.routed().ok().map(Routed::settings), id, found)
    }

    /// The graph of a number from 1; None when there is none of it.
    pub async fn graph(&self, setting: &PanelContext<'_>, number: usize, wait: Wait) -> Option<GraphPanel> {
        let spec = self.spec.graphs.get(number.checked_sub(1)?)?;
        let (instance, answer) = match self.routed() {
            Err(failure) => (None, Some(Err(failure))),
            Ok(routed) => {
                let asked = self.monitoring.graph(&routed.instance, spec, &self.params.period);
                (Some(routed.settings()), within(wait, asked).await)
            }
        };
        Some(GraphPanel::of(setting, instance, number, spec, answer))
    }

    /// The graph of a number from 1, as the address would have it.
    pub fn chosen(&self, number: usize) -> Result<Chosen, PageError> {
        Chosen::of(&self.entity, &self.spec, number, &self.params, self.settings.ad_hoc)
    }

    /// That graph, alone on its page.
    pub async fn graph_alone(
        &self,
        setting: &PanelContext<'_>,
        number: usize,
        chosen: &Chosen,
    ) -> GraphPanel {
        let setting = &PanelContext { source: Source::Card(&self.entity.reference), ..*setting };
        let (spec, period) = (&chosen.spec, &self.params.period);
        let (instance, answer) = match self.routed() {
            Err(failure) => (None, Err(failure)),
            Ok(routed) if chosen.is_ad_hoc => {
                let answer = self.monitoring.ad_hoc_graph(&routed.instance, spec, period).await;
                (Some(routed.settings()), answer)
            }
            Ok(routed) => {
                let answer = self.monitoring.graph(&routed.instance, spec, period).await;
                (Some(routed.settings()), answer)
            }
        };
        GraphPanel::of(setting, instance, number, spec, Some(answer))
    }

    /// All graphs at once, each for itself.
    pub async fn graphs(&self, setting: &PanelContext<'_>) -> Vec<GraphPanel> {
        let asked = (1..=self.spec.graphs.len()).map(|number| self.graph(setting, number, Wait::Briefly));
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Whether nobody knows if an entity without alerts has none: an annotation could not be read, or names an
    /// instance in vain.
    pub fn is_unknown(&self) -> bool {
        self.spec.unread || (self.routed.is_err() && self.spec.service_name.is_some())
    }

    pub fn summary_without_alerts(&self) -> StateSummary {
        let instance = self.routed().ok().map(|routed| routed.name().to_string());
        if self.is_unknown() {
            StateSummary::unknown(instance)
        } else {
            StateSummary::without_alerts(instance)
        }
    }

    pub fn head(&self, tab: &str, summary: StateSummary) -> Head {
        let has_members = self.members.as_ref().is_some_and(|members| !members.rows.is_empty());
        Head::of(&self.entity, &self.snapshot, self.links(), tab, summary, has_members)
    }

    pub fn time_bar(&self, page: &str) -> TimeBar {
        TimeBar::of(self.links(), page, &self.params)
    }

    pub fn shell(&self, page: &str, head: &Head) -> Shell<'_> {
        let mut shell = Shell::new(&self.settings, &self.params, page, &head.title());
        shell.icon = head.summary.state;
        shell
    }
}

async fn within<T>(wait: Wait, answer: impl Future<Output = T>) -> Option<T> {
    match wait {
        Wait::Fully => Some(answer.await),
        Wait::Briefly => tokio::time::timeout(PATIENCE, answer).await.ok(),
    }
}
