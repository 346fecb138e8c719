import type { VNode } from 'preact';
import type { Configuration, Fact } from '../../data/report-data.js';
import { DataTable, type DataTableProps } from './data-table.js';
import { Figure } from './figure.js';
import { Warnings } from './warnings.js';

/** What the run was configured with: what someone gave first, what is left at its default below. */
export function ConfigurationSection({ configuration }: { readonly configuration: Configuration }): VNode {
  const given = configuration.attributes.filter(({ source }) => source !== 'default');
  const defaults = configuration.attributes.filter(({ source }) => source === 'default');
  return (
    <Figure title="Configuration" note={configuration.name}>
      <Warnings warnings={configuration.warnings} />
      <DataTable caption="Attributes that are given" {...attributeTable(given)} />
      {defaults.length > 0 && (
        <details>
          <summary>Attributes at their defaults: {defaults.length}</summary>
          <DataTable caption="Attributes at their defaults" {...attributeTable(defaults)} />
        </details>
      )}
    </Figure>
  );
}

function attributeTable(attributes: Configuration['attributes']): Omit<DataTableProps, 'caption'> {
  return {
    isWordy: true,
    columns: ['attribute', 'value', 'source', 'what it does here'],
    rows: attributes.map(({ name, value, source, note }) => [name, value, source, note ?? '']),
  };
}

export function SettingsSection({ settings }: { readonly settings: readonly Fact[] }): VNode {
  return (
    <Figure title="Settings">
      <dl class="facts">
        {settings.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Figure>
  );
}
