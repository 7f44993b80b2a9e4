package v1alpha1

import "k8s.io/apimachinery/pkg/runtime/schema"

// Group is the API group of every document and the domain of every label and annotation that the plugin writes.
const Group = "coder-satellite.dev"

// Version is the version of the documents in this package.
const Version = "v1alpha1"

// SchemaFolder is the URL below which the JSON Schemas of the documents are
// published, in files named after the kind in lower case: docs/schema/v1alpha1.
const SchemaFolder = "https://raw.githubusercontent.com/coder-satellite/kubectl-coder-satellite/main/docs/schema/v1alpha1/"

// Kinds that are named in code; that of any other document is the name of its type, and filled in when it is printed.
const (
	KindFleet           = "Fleet"
	KindPlan            = "Plan"
	KindMigrationReport = "MigrationReport"
	KindProgress        = "Progress"
	KindCheckList       = "CheckList"
	KindVersionInfo     = "VersionInfo"
)

// GroupVersion returns the group and version of every document in this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: Version}
}
