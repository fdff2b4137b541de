import Model

/// Everything that the monitor needs of the store.
package protocol MonitorStore: OverdueStore, PartitionStore, CleaningStore, DirectorySource, GenerationStore, DutyLog {}
