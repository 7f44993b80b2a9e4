package snapshot

// Item names a group of facts that is gathered by one piece of code.
type Item string

// Items. The comment names the fields of Snapshot that the item fills.
const (
	ItemCluster       Item = "cluster"       // Cluster, ProviderCluster
	ItemProvider      Item = "provider"      // Provider
	ItemUsers         Item = "users"         // Users; after the provider and the satellite's journal
	ItemCanary        Item = "canary"        // Canary
	ItemWorkspaces    Item = "workspaces"    // Workspaces; after the provider
	ItemRegistrations Item = "registrations" // Registrations
	ItemChart         Item = "chart"         // Spec, Chart, MissingSecrets
	ItemSatellite     Item = "satellite"     // Satellite
	ItemLegacy        Item = "legacy"        // Legacy
	ItemRemoval       Item = "removal"       // Removal; after the legacy release
	ItemEndpoint      Item = "endpoint"      // Endpoint
	ItemUnified       Item = "unified"       // Unified; nothing without a unified URL
	ItemCertificates  Item = "certificates"  // Certificates; after the satellite and the chart
	ItemJournal       Item = "journal"       // SatelliteJournal, ProviderJournal
	ItemLock          Item = "lock"          // SatelliteLock, ProviderLock
	ItemResources     Item = "resources"     // SatelliteResources, LegacyResources; after the chart and the releases
	ItemRendering     Item = "rendering"     // Rendering; made last
)

// StatusItems returns what every verb looks at: all but the chart, which only a
// change needs, the rights, and what CheckItems adds.
func StatusItems() []Item {
	return []Item{
		ItemCluster, ItemProvider, ItemCanary, ItemWorkspaces, ItemRegistrations, ItemSatellite,
		ItemLegacy, ItemEndpoint, ItemJournal, ItemLock,
	}
}

// CheckItems returns what the checks of status look at. A verb that leads back
// must not wait for the unified URL, or for Secrets that it does not need.
func CheckItems() []Item { return append(StatusItems(), ItemUnified, ItemCertificates) }

// PlanItems returns what a plan looks at. Rights are no item: the facts determine which
// are needed, and AskSatelliteRights and AskProviderRights ask for them.
func PlanItems() []Item { return append(CheckItems(), ItemChart) }
