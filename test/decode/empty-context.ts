/** The columns of resource and scope in a row whose request has neither. */
export const EMPTY_CONTEXT = {
  service_name: null,
  scope_name: null,
  scope_version: null,
  resource_schema_url: null,
  scope_schema_url: null,
  resource_dropped_attributes_count: 0,
  scope_dropped_attributes_count: 0,
  resource_attributes: null,
  resource_attribute_types: null,
  scope_attributes: null,
  scope_attribute_types: null,
  resource_entity_refs: null,
};
