package layout

// Cluster is one Kubernetes cluster of a lab: an API server, its controllers and a node.
type Cluster struct {
	// Context is its name, and that of its kubeconfig context.
	Context string `json:"context"`
	// Server is the API server's URL.
	Server string `json:"server"`
	// AuditLog is the API server's audit log, one JSON event a line.
	AuditLog string `json:"auditLog"`

	APIPort     int `json:"apiPort"`
	KubeletPort int `json:"kubeletPort"`
}

// Region is one region of a lab: a satellite to come, and the providers that it
// is to serve.
type Region struct {
	Name string `json:"name"`
	// Context is the satellite's cluster. It is empty for a region without a
	// satellite, whose users reach their workspaces through the primary.
	Context string `json:"context,omitempty"`
	// AccessURL is the satellite's, empty without one.
	AccessURL  string     `json:"accessURL,omitempty"`
	AccessPort int        `json:"accessPort,omitempty"`
	Providers  []Provider `json:"providers"`

	// Server, AuditLog and EnvproxyURL are set for a simple region only. They
	// repeat what its one cluster and its one provider say.
	Server      string `json:"server,omitempty"`
	AuditLog    string `json:"auditLog,omitempty"`
	EnvproxyURL string `json:"envproxyURL,omitempty"`
}

// Provider is a workspace provider of a region.
type Provider struct {
	Name string `json:"name"`
	// Context is the provider's cluster. Namespace is its default namespace there,
	// which holds its legacy release, or the primary's own release if it is built in.
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	// BuiltIn is set for the primary's own provider, which has no legacy release.
	BuiltIn bool `json:"builtIn,omitempty"`
	// EnvproxyURL is the legacy path, empty if the provider is built in.
	EnvproxyURL  string `json:"envproxyURL,omitempty"`
	EnvproxyPort int    `json:"envproxyPort,omitempty"`
}

// Simple reports whether the region is a satellite and one provider of the same
// name in one cluster, as most are.
func (r *Region) Simple() bool {
	return len(r.Providers) == 1 && r.Providers[0].Context == r.Context && r.Providers[0].Name == r.Name
}

// Cluster returns the cluster of that context, or an empty one if there is none.
func (l *Lab) Cluster(context string) Cluster {
	for _, cluster := range l.Clusters {
		if cluster.Context == context {
			return cluster
		}
	}
	return Cluster{}
}
