package supervisor

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// networks has the network to the primary, under that name, and to each cluster's satellite, by
// its kubeconfig context.
type networks map[string]*codertest.Network

func newNetworks(lab *layout.Lab, primary *codertest.Primary) networks {
	all := networks{"primary": primary.Network()}
	for _, cluster := range lab.Clusters {
		all[cluster.Context] = &codertest.Network{}
	}
	return all
}

// handler adds the networks to the lab's control API, rest:
//
//	PUT /networks/{name}            {"roundTrip", "loss"}, in nanoseconds and percent
func (n networks) handler(rest http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	mux.HandleFunc("PUT /networks/{name}", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			RoundTrip time.Duration
			Loss      int
		}
		network, known := n[r.PathValue("name")]
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		switch err := decoder.Decode(&body); {
		case !known:
			http.Error(w, "no such network", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			network.Set(body.RoundTrip, body.Loss)
			w.WriteHeader(http.StatusNoContent)
		}
	})
	return mux
}
