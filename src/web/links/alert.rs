//! Links to where an alert is shown: an entity's page with its row opened, over the time of the firing.

use jiff::Timestamp;
use url::form_urlencoded;

use super::{Link, Links, Page};
use crate::catalog::EntityRef;
use crate::chart::svg::Theme;
use crate::prometheus::{InstanceName, Labels, RowId};
use crate::promql::{MatchOp, Matcher};
use crate::web::params::{AT, INSTANCE, THEME};

/// An alert on an entity's page.
#[derive(Clone, Debug, Default)]
pub struct AlertLink {
    /// The row, and whether the table shows it by default.
    pub row: Option<(RowId, bool)>,
    /// The window; None: the page's own.
    pub from: Option<Timestamp>,
    /// None: now.
    pub to: Option<Timestamp>,
    /// The labels of a resolved alert. The page says when it was resolved.
    pub resolved: Option<Labels>,
    /// When it fired, as an address had it.
    pub at: Option<String>,
    /// Other entities that show it.
    pub also: Vec<EntityRef>,
}

impl Links<'_> {
    /// `/go` with the labels of an alert.
    pub fn go<'p>(&self, labels: impl Iterator<Item = (&'p str, &'p str)>) -> Link {
        Link::at(format!("{}/go", self.prefix)).and(labels)
    }

    /// `/go` to one row of an instance.
    pub fn go_to_row(&self, instance: &InstanceName, labels: &Labels) -> Link {
        self.go(labels.iter().chain([(INSTANCE, instance.as_str())]))
    }

    /// `/go` with the query string of its address, in a theme.
    pub fn go_in(&self, query: &str, theme: Option<Theme>) -> Link {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let link = self.go(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
        link.set(THEME, theme.map(|theme| theme.as_str().to_owned()))
    }

    /// The entity's page with the alert. The alert's window replaces the one of this page.
    pub fn entity_alert(&self, entity: &EntityRef, alert: &AlertLink) -> Link {
        let mut link = self.to(Page::Entity(entity));
        let text = |at: Timestamp| at.as_millisecond().to_string();
        if let Some(from) = alert.from {
            let to = alert.to.map_or_else(|| "now".to_owned(), text);
            link = link.without(&["range"]).set("from", Some(text(from))).set("to", Some(to));
        }
        let (row, is_active) = alert.row.map_or((None, true), |(row, is_active)| (Some(row), is_active));
        let link = link
            .set("alert", row.map(|row| row.to_string()))
            .set("showInactiveAlerts", (!is_active).then(|| "true".to_owned()))
            .set("landed", alert.resolved.as_ref().map(matchers))
            .set(AT, alert.at.clone())
            .and(alert.also.iter().map(|other| ("also", other.as_str())));
        match row {
            Some(row) => link.anchor(format!("alert-{row}")),
            None => link,
        }
    }
}

fn matchers(labels: &Labels) -> String {
    let matcher = |(name, value): (&str, &str)| Matcher::new(name, MatchOp::Equal, value).ok();
    labels.iter().filter_map(matcher).map(|m| m.to_string()).collect::<Vec<_>>().join(",")
}
