// Package v1alpha1 holds the versioned documents that the plugin reads and prints: Fleet (input), Plan,
// MigrationReport, StatusReport and a few small ones. They are plain data with JSON tags, and carry no logic.
//
// +k8s:deepcopy-gen=package
// +groupName=coder-satellite.dev
package v1alpha1
