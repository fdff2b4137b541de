/// Everything that the API needs of the store.
package protocol APIStore: StoreStatus, ScheduleRegistry, BulkRegistry, TriggerRegistry, DeadTriggerRegistry,
    TenantRegistry,
    TenantErasure, SecretRegistry, KeyRegistry, AuditLog, RequestLedger, MonitorWatch,
    FlowRegistry, ExecutionRegistry, TriggerStarts
{}
