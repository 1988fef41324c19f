import type { Entity } from '@backstage/catalog-model';

const ALERTS = ['prometheus.io/alert', 'prometheus.io/labels'];
const GRAPHS = ['prometheus.io/rule'];
/** Their pages list the entities that belong to them, with their alerts. */
const WITH_MEMBERS = ['system', 'domain', 'group', 'user'];

function has(entity: Entity, names: string[]): boolean {
  const annotations = entity.metadata.annotations ?? {};
  return names.some(name => name in annotations);
}

/** Whether Promenade has a page with content for an entity: for `if` of a tab. */
export function isPromenadeAvailable(entity: Entity): boolean {
  return has(entity, [...ALERTS, ...GRAPHS]) || WITH_MEMBERS.includes(entity.kind.toLowerCase());
}

/** Whether an entity has annotations that choose alerts: for `if` of a card. */
export function hasPromenadeAlerts(entity: Entity): boolean {
  return has(entity, ALERTS);
}

/** The path of an entity's page in Promenade: `/catalog/default/component/payments`. */
export function pagePath(entity: Entity): string {
  const { kind, metadata } = entity;
  const parts = [metadata.namespace ?? 'default', kind, metadata.name];
  return `/catalog/${parts.map(part => encodeURIComponent(part.toLowerCase())).join('/')}`;
}
