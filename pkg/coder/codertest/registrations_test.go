package codertest_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

const satellites = "/api/private/satellites"

type registered struct {
	Data codertest.Registration `json:"data"`
}

func TestRegistration(t *testing.T) {
	d := start(t, codertest.Options{})
	if got := d.manager(t, http.MethodGet, satellites, nil, 200); got.body != `{"data":[]}` {
		t.Errorf("without any: %s", got.body)
	}
	satellite, _, _ := d.satellite(t, nil)
	created := decode[registered](t, d.manager(t, http.MethodPost, satellites, map[string]string{
		"name": "sydney", "public_key": satellite.PublicKey(),
	}, 201)).Data
	if created.Name != "sydney" || created.ID == "" || created.Fingerprint != satellite.Fingerprint() {
		t.Errorf("created: %+v", created)
	}
	list := d.manager(t, http.MethodGet, satellites, nil, 200)
	want := `{"data":[{"id":"` + created.ID + `","name":"sydney","fingerprint":"` + created.Fingerprint + `"}]}`
	if list.body != want {
		t.Errorf("the list is %s, want %s", list.body, want)
	}
	d.manager(t, http.MethodDelete, satellites+"/"+created.ID, nil, 204)
	d.manager(t, http.MethodDelete, satellites+"/"+created.ID, nil, 404)
	d.register(t, "sydney", satellite) // name and key are free again
}

// If many register the same key at once, only one succeeds.
func TestConcurrentRegistrations(t *testing.T) {
	d := start(t, codertest.Options{})
	satellite, _, _ := d.satellite(t, nil)
	statuses := make([]int, 8)
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() {
			got, err := send(d.client, http.MethodPost, d.URL()+satellites, d.tokens[codertest.RoleAdmin], map[string]string{
				"name": "name-" + strings.Repeat("x", i), "public_key": satellite.PublicKey(),
			})
			if err != nil {
				t.Error(err)
			}
			statuses[i] = got.status
		})
	}
	group.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	if counts[201] != 1 || counts[409] != len(statuses)-1 || len(d.Satellites()) != 1 {
		t.Errorf("the statuses are %v", counts)
	}
}
