package inlab

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kubelet never answers requests for logs, like the one of an overloaded node.
type Kubelet struct {
	server *httptest.Server
	ended  chan struct{}

	mu    sync.Mutex
	asked []string
}

// HangingKubelet starts a Kubelet. The caller must close it.
func HangingKubelet() *Kubelet {
	k := &Kubelet{ended: make(chan struct{})}
	k.server = httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.asked = append(k.asked, r.URL.Path)
		k.mu.Unlock()
		select {
		case <-r.Context().Done():
		case <-k.ended:
		}
	}))
	return k
}

// Asked returns the requested paths.
func (k *Kubelet) Asked() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.asked...)
}

// Close ends the Kubelet and the requests that are waiting.
func (k *Kubelet) Close() {
	close(k.ended)
	k.server.Close()
}

// Serve makes a region's API server use this kubelet for the logs of the node's pods. It creates
// the node if necessary. restore makes it use the previous kubelet again, if there was one.
func (k *Kubelet) Serve(ctx context.Context, lab *Lab, region, node string) (restore func(context.Context) error, err error) {
	access, err := lab.Access(region)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(k.server.URL)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseInt(address.Port(), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the port of %s: %w", address, err)
	}
	nodes := access.Clientset().CoreV1().Nodes()
	_, err = nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, metav1.CreateOptions{})
	created := err == nil
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	before := int32(0)
	set := func(ctx context.Context, port int32) error {
		found, err := nodes.Get(ctx, node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		before = found.Status.DaemonEndpoints.KubeletEndpoint.Port
		found.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
		found.Status.DaemonEndpoints.KubeletEndpoint.Port = port
		_, err = nodes.UpdateStatus(ctx, found, metav1.UpdateOptions{})
		return err
	}
	restore = func(ctx context.Context) error {
		if created {
			return nodes.Delete(ctx, node, metav1.DeleteOptions{})
		}
		return set(ctx, before)
	}
	return restore, set(ctx, int32(port))
}
