package layout

// Cluster is one Kubernetes cluster of a lab: an API server, its controllers and a node.
type Cluster struct {
	// Context is the name of the cluster and of its kubeconfig context.
	Context string `json:"context"`
	// Server is the API server's URL.
	Server string `json:"server"`
	// AuditLog is the file of the API server's audit log, with one JSON event on each line.
	AuditLog string `json:"auditLog"`

	APIPort     int `json:"apiPort"`
	KubeletPort int `json:"kubeletPort"`
}

// Region is one region of a lab: a future satellite and the providers that it will serve.
type Region struct {
	Name string `json:"name"`
	// Context is the satellite's cluster. It is empty for a region without a
	// satellite, whose users reach their workspaces through the primary.
	Context string `json:"context,omitempty"`
	// AccessURL is the satellite's; empty without one.
	AccessURL  string     `json:"accessURL,omitempty"`
	AccessPort int        `json:"accessPort,omitempty"`
	Providers  []Provider `json:"providers"`

	// Server, AuditLog and EnvproxyURL are set only for a simple region. They repeat the values
	// of its only cluster and its only provider.
	Server      string `json:"server,omitempty"`
	AuditLog    string `json:"auditLog,omitempty"`
	EnvproxyURL string `json:"envproxyURL,omitempty"`
}

// Provider is a workspace provider of a region.
type Provider struct {
	Name string `json:"name"`
	// Context is the provider's cluster. Namespace is its default namespace there. It contains
	// the legacy release, or for the built-in provider the primary's own release.
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	// BuiltIn is set for the primary's own provider, which has no legacy release.
	BuiltIn bool `json:"builtIn,omitempty"`
	// EnvproxyURL is the legacy path; empty if the provider is built in.
	EnvproxyURL  string `json:"envproxyURL,omitempty"`
	EnvproxyPort int    `json:"envproxyPort,omitempty"`
}

// Simple reports whether the region is a satellite and one provider of the same name in one
// cluster. Most regions are.
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
