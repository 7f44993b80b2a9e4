// Package legacy finds the release of chart workspace-provider behind a region's provider, makes it survive until it is removed on
// purpose, brings it back when somebody uninstalled it, and removes it for good. It never prints and never asks.
package legacy
