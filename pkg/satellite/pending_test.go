package satellite

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

const recordsPath = "/api/v1/namespaces/edge/secrets"

// releaseServer is an API server that has a release's records. It refuses every write and records
// it.
type releaseServer struct {
	*httptest.Server
	records []corev1.Secret
	others  map[string]any // further objects, by path
	mu      sync.Mutex
	writes  []string
}

// newReleaseServer has one revision for each status, the newest last, written by manager at that
// time. If manager is empty, the server records no field managers.
func newReleaseServer(t *testing.T, manager string, at time.Time, statuses ...release.Status) *releaseServer {
	t.Helper()
	client := fake.NewClientset().CoreV1().Secrets("edge")
	helm := storage.Init(driver.NewSecrets(client))
	for i, status := range statuses {
		err := helm.Create(&release.Release{Name: "coder-satellite", Namespace: "edge", Version: i + 1, Chart: newChart("1.21.7"), Info: &release.Info{Status: status}})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := client.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		item.CreationTimestamp, item.ManagedFields = metav1.NewTime(at), nil
		if manager != "" {
			before, last := metav1.NewTime(at.Add(-time.Minute)), metav1.NewTime(at)
			item.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: manager, Time: &last}, {Manager: "before", Time: &before}}
		}
	}
	s := &releaseServer{records: list.Items}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *releaseServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, value any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	}
	name := strings.TrimPrefix(r.URL.Path, recordsPath+"/")
	partial := strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata")
	one := func(record corev1.Secret) any {
		record.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
		if partial {
			return metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}, ObjectMeta: record.ObjectMeta}
		}
		return record
	}
	switch {
	case r.Method != http.MethodGet:
		s.mu.Lock()
		s.writes = append(s.writes, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		answer(http.StatusForbidden, metav1.Status{Status: "Failure", Reason: metav1.StatusReasonForbidden, Code: 403, Message: "no writes here"})
	case r.URL.Path == recordsPath:
		var items []any
		for _, record := range s.records {
			items = append(items, one(record))
		}
		kind := map[bool]map[string]any{true: {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList"}, false: {"apiVersion": "v1", "kind": "SecretList"}}[partial]
		kind["metadata"], kind["items"] = map[string]any{}, items
		answer(http.StatusOK, kind)
	case r.URL.Path == "/version":
		answer(http.StatusOK, map[string]string{"major": "1", "minor": "29", "gitVersion": "v1.29.3"})
	case s.others[r.URL.Path] != nil:
		answer(http.StatusOK, s.others[r.URL.Path])
	default:
		for _, record := range s.records {
			if record.Name == name {
				answer(http.StatusOK, one(record))
				return
			}
		}
		answer(http.StatusNotFound, metav1.Status{Status: "Failure", Reason: metav1.StatusReasonNotFound, Code: 404})
	}
}

func (s *releaseServer) access(t *testing.T) *cluster.Access {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"` + s.URL + `"}}],` +
		`"contexts":[{"name":"sydney","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := cluster.LoadKubeconfig(path)
	if err != nil {
		t.Fatal(err)
	}
	access, err := kubeconfig.Open("sydney", cluster.Options{UserAgent: "our-plugin/v1 (linux/amd64)"})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// A pending release is cleared if an earlier run of this plugin started the operation and has
// ended. Otherwise the error names who started it and what to type, and nothing is written.
func TestPendingByOthers(t *testing.T) {
	at := time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC)
	const rollback = "`helm --kube-context sydney --namespace edge rollback coder-satellite 1`"
	install := []release.Status{release.StatusPendingInstall}
	upgrade := []release.Status{release.StatusDeployed, release.StatusPendingUpgrade}
	for title, test := range map[string]struct {
		statuses []release.Status
		manager  string
		age      time.Duration
		ours     bool // according to the journal
		says     []string
		write    string // the attempted write, if it may be cleared
	}{
		"ours, a first install":     {install, "our-plugin", time.Second, true, nil, "PUT " + recordsPath + "/sh.helm.release.v1.coder-satellite.v1"},
		"ours, an upgrade":          {upgrade, "our-plugin", time.Second, true, nil, "POST " + recordsPath},
		"ours, not in the journal":  {install, "our-plugin", time.Hour, false, []string{"written by our-plugin at 2024-05-02T12:00:00Z", "no run of this plugin that the journal knows began it", rollback}, ""},
		"somebody else's install":   {install, "helm", time.Hour, false, []string{"edge/coder-satellite is pending-install at revision 1, written by helm at 2024-05-02T12:00:00Z", "the release was left as it is", rollback}, ""},
		"somebody else's upgrade":   {upgrade, "helm-controller", time.Hour, false, []string{"pending-upgrade at revision 2, written by helm-controller", rollback}, ""},
		"somebody else's since":     {upgrade, "helm", time.Hour, true, []string{"written by helm", "this plugin did not write it", rollback}, ""},
		"an uninstallation":         {[]release.Status{release.StatusUninstalling}, "helm", time.Hour, false, []string{"is uninstalling at revision 1", rollback}, ""},
		"nobody knows, and too new": {install, "", time.Minute, true, []string{"written by an unknown client", "it has until 2024-05-02T12:02:00Z to end"}, ""},
		"nobody knows, long ago":    {install, "", 2 * time.Minute, true, nil, "PUT " + recordsPath + "/sh.helm.release.v1.coder-satellite.v1"},
		"nobody knows, no journal":  {install, "", time.Hour, false, []string{"written by an unknown client", "no run of this plugin"}, ""},
	} {
		t.Run(title, func(t *testing.T) {
			server := newReleaseServer(t, test.manager, at, test.statuses...)
			options := Options{Clock: clocktesting.NewFakeClock(at.Add(test.age)), MayClearPending: test.ours}
			_, err := At(server.access(t), "edge", "coder-satellite").Apply(t.Context(), Spec{}, &Chart{Chart: newChart("1.21.7")}, options)
			if err == nil {
				t.Fatal("no error, though nothing can be written")
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			}
			if test.write == "" && len(server.writes) > 0 || test.write != "" && (len(server.writes) == 0 || server.writes[0] != test.write) {
				t.Errorf("tried %v, want %q; error %v", server.writes, test.write, err)
			}
		})
	}
}
