package codertest

import "time"

// User is a user of the deployment.
type User struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Username  string    `json:"username"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	LoginType string    `json:"login_type"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Org is an organization; every user is a member of the first one.
type Org struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default"`
	Members []User `json:"members"`
}

// Provider is a workspace provider. EnableNetV2 exists only in versions that have it (v1.21).
type Provider struct {
	ID                string         `json:"id"`
	Name              string         `json:"name"`
	Status            string         `json:"status"`
	BuiltIn           bool           `json:"built_in"`
	EnvproxyAccessURL string         `json:"envproxy_access_url"`
	DevurlHost        string         `json:"devurl_host"`
	OrgWhitelist      []string       `json:"org_whitelist"`
	EnableNetV2       *bool          `json:"enable_net_v2,omitempty"`
	Cordoned          bool           `json:"-"`
	CordonReason      string         `json:"-"`
	Config            ProviderConfig `json:"config"`
}

// ProviderConfig is how the primary reaches the provider's cluster.
type ProviderConfig struct {
	ClusterAddress      string `json:"cluster_address"`
	DefaultNamespace    string `json:"default_namespace"`
	StorageClass        string `json:"storage_class"`
	ClusterDomainSuffix string `json:"cluster_domain_suffix"`
	SSHEnabled          bool   `json:"ssh_enabled"`
}

// Registration is a satellite as the primary lists it.
type Registration struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	publicKey   []byte // DER
}

// Image is a workspace image.
type Image struct {
	ID              string    `json:"id"`
	OrganizationID  string    `json:"organization_id"`
	Repository      string    `json:"repository"`
	Description     string    `json:"description"`
	URL             string    `json:"url"`
	DefaultCPUCores float64   `json:"default_cpu_cores"`
	DefaultMemoryGB float64   `json:"default_memory_gb"`
	DefaultDiskGB   int       `json:"default_disk_gb"`
	Deprecated      bool      `json:"deprecated"`
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
}

// Workspace is a workspace. Durations are numbers of milliseconds.
type Workspace struct {
	ID               string           `json:"id"`
	Name             string           `json:"name"`
	UserID           string           `json:"user_id"`
	OrganizationID   string           `json:"organization_id"`
	ResourcePoolID   string           `json:"resource_pool_id"`
	ImageID          string           `json:"image_id"`
	ImageTag         string           `json:"image_tag"`
	CPUCores         float32          `json:"cpu_cores"`
	MemoryGB         float32          `json:"memory_gb"`
	DiskGB           int              `json:"disk_gb"`
	GPUs             int              `json:"gpus"`
	Updating         bool             `json:"updating"`
	LastBuiltAt      time.Time        `json:"last_built_at"`
	CreatedAt        time.Time        `json:"created_at"`
	UpdatedAt        time.Time        `json:"updated_at"`
	LastOpenedAt     time.Time        `json:"last_opened_at"`
	LastConnectionAt time.Time        `json:"last_connection_at"`
	AutoOffThreshold int64            `json:"auto_off_threshold"`
	UseContainerVM   bool             `json:"use_container_vm"`
	RebuildMessages  []RebuildMessage `json:"rebuild_messages"`
	LatestStat       WorkspaceStat    `json:"latest_stat"`
}

// RebuildMessage says why a workspace should be rebuilt.
type RebuildMessage struct {
	Text             string `json:"text"`
	Required         bool   `json:"required"`
	AutoOffThreshold int64  `json:"auto_off_threshold"`
}

// WorkspaceStat is the latest knowledge of a workspace's container.
type WorkspaceStat struct {
	Time            time.Time `json:"time"`
	LastOnline      time.Time `json:"last_online"`
	ContainerStatus string    `json:"container_status"`
	StatError       string    `json:"stat_error"`
	CPUUsage        float64   `json:"cpu_usage"`
	MemoryTotal     int64     `json:"memory_total"`
	MemoryUsage     float64   `json:"memory_usage"`
	DiskTotal       int64     `json:"disk_total"`
	DiskUsed        int64     `json:"disk_used"`
}

// BuildMessage is one message of a build log.
type BuildMessage struct {
	ID          string    `json:"id"`
	WorkspaceID string    `json:"workspace_id"`
	BuildID     string    `json:"build_id"`
	Time        time.Time `json:"time"`
	Type        string    `json:"type"`
	Msg         string    `json:"msg"`
}
