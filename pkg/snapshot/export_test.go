package snapshot

// ChartCache is what the regions of a survey share.
type ChartCache = chartCache
