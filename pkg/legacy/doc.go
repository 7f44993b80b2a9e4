// Package legacy finds the release of chart workspace-provider behind a region's provider, retains it, restores it when
// somebody uninstalled it, and removes it for good. It never prints and never asks.
package legacy
