package migration

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// refusing is a fence that blocks every write.
type refusing struct {
	next http.RoundTripper
	err  error
}

func (r refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet {
		return nil, r.err
	}
	return r.next.RoundTrip(request)
}

// Networking v2 is switched off even if the primary is away for a while, the provider could not
// be read, or the lock cannot be checked, but not if another run holds the lock.
func TestSwitchOff(t *testing.T) {
	provider := "/api/private/resource-pools/*"
	for name, test := range map[string]struct {
		faults  []codertest.Fault
		fence   error
		want    string
		wantErr string
		on      bool
	}{
		"at once":                            {want: "Networking v2 off"},
		"the primary is away for a while":    {faults: []codertest.Fault{{Path: provider, Status: 503, Times: 12}}, want: "Networking v2 off"},
		"the answer is lost":                 {faults: []codertest.Fault{{Method: "PATCH", Path: provider, ResetAfter: true, Times: 1}}, want: "Networking v2 off"},
		"it cannot be confirmed for a while": {faults: []codertest.Fault{{Method: "GET", Path: provider, Status: 500, Times: 9}}, want: "Networking v2 off"},
		"the lock cannot be asked":           {fence: &lock.RefusedError{}, want: "the lock in the region's cluster could not be checked"},
		"another run holds the lock":         {fence: &lock.LostError{By: "bob@laptop/1"}, wantErr: "bob@laptop/1", on: true},
		"the token has expired":              {faults: []codertest.Fault{{Method: "PATCH", Path: provider, Status: 401}}, wantErr: "401", on: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder(t, codertest.Options{})
			pool := b.AddProvider(codertest.Provider{Name: "sydney", EnableNetV2: ptr.To(true)})
			b.run.Unfenced = b.run.Source.Primary
			s := b.facts(t, pool.ID)
			b.run.Initial, b.run.Now = s, clone(s)
			noPrimary(b.run.Now) // as if it had been away at the last read
			for _, f := range test.faults {
				b.AddFault(f)
			}
			if test.fence != nil {
				b.run.Source.Primary = b.run.Unfenced.Wrapped(func(next http.RoundTripper) http.RoundTripper { return refusing{next, test.fence} })
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			got, err := b.run.switchOff(ctx)
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) || !strings.Contains(got, test.want) {
				t.Errorf("got %q, %v", got, err)
			}
			after, err := b.run.Unfenced.Provider(t.Context(), pool.ID)
			if err != nil || *after.EnableNetV2 != test.on {
				t.Errorf("Networking v2 is %v, %v", after.EnableNetV2, err)
			}
		})
	}
}

// silent is a cluster that nobody answers for.
func silent(t *testing.T) *cluster.Access {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u"}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := cluster.LoadKubeconfig(file)
	if err != nil {
		t.Fatal(err)
	}
	access, err := kubeconfig.Open("x", cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// facts are a snapshot of the primary and the provider.
func (b *builder) facts(t *testing.T, id string) *snapshot.Snapshot {
	t.Helper()
	access := silent(t)
	survey, err := snapshot.NewSurvey(snapshot.Config{
		Primary: b.run.Source.Primary, Clock: b.run.Clock,
		Regions: []snapshot.RegionConfig{{
			Region:    fleet.Region{Satellite: fleet.Satellite{Context: "edge"}, Providers: []fleet.Provider{{Name: id, Context: "edge"}}},
			Satellite: access, Providers: []*cluster.Access{access},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.run.Source = survey.Regions()[0].Sources[0]
	s := b.run.Source.Collect(t.Context(), snapshot.ItemProvider)
	if _, known := s.Provider.Get(); !known {
		t.Fatal(s.Provider.Err())
	}
	return s
}
