import Model

/// All that the monitor asks of the store.
package protocol MonitorStore: OverdueStore, PartitionStore, CleaningStore, DirectorySource, GenerationStore, DutyLog {}
