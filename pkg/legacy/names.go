package legacy

// Labels, annotations and names that Helm and Coder give to their objects.
const (
	labelEnvproxy       = "coder.deployment"
	envproxy            = "envproxy"
	chartName           = "workspace-provider"
	annotationRelease   = "meta.helm.sh/release-name"
	annotationNamespace = "meta.helm.sh/release-namespace"
	annotationPolicy    = "helm.sh/resource-policy" // Helm v3, pkg/kube/resource_policy.go
	policyKeep          = "keep"
	labelManagedBy      = "app.kubernetes.io/managed-by"
)

// Labels and annotations of ours. LabelRetained is on the record of a retained release, so that
// `helm list -l coder-satellite.dev/retained=true` lists it.
const (
	LabelRetained = "coder-satellite.dev/retained"

	annotationPolicyAdded = "coder-satellite.dev/resource-policy-added" // on what Argo CD rendered: the policy is ours, not the chart's

	annotationReason = "coder-satellite.dev/retained-reason"
	annotationAt     = "coder-satellite.dev/retained-at"
	annotationBy     = "coder-satellite.dev/retained-by"

	labelBackup    = "coder-satellite.dev/backup"
	backupOfRecord = "legacy-release"
	labelNamespace = "coder-satellite.dev/release-namespace"
	labelRelease   = "coder-satellite.dev/release"
	labelRevision  = "coder-satellite.dev/revision"
	labelStatus    = "coder-satellite.dev/status" // Helm's status of the revision
	labelRemoved   = "coder-satellite.dev/removed"

	annotationDigest = "coder-satellite.dev/sha256"
	annotationRecord = "coder-satellite.dev/record"
)

const fieldManager = "kubectl-coder-satellite"

// atOnce is how many objects are read or changed at the same time.
const atOnce = 8
