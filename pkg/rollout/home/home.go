// Package home keeps the state of a rollout in a cluster, so that several machines share it and anybody can go on with it.
package home

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

// Home keeps the state of a rollout in a ConfigMap, with a key for each wave. Several machines may use it at once: each
// write holds only if nobody wrote since it was read.
type Home struct {
	client  kubernetes.Interface
	context string // its kubeconfig context, for errors
	object  types.NamespacedName
}

// At returns the home of the rollout of that primary's regions. It sends nothing.
func At(client kubernetes.Interface, context, namespace, primary string) *Home {
	return &Home{client, context, types.NamespacedName{Namespace: namespace, Name: cluster.NameFor("coder-satellite-rollout", primary)}}
}

// Load returns the state, in one request. A rollout that has not begun has none.
func (h *Home) Load(ctx context.Context) (rollout.State, error) {
	_, state, err := h.load(ctx)
	return state, err
}

func (h *Home) load(ctx context.Context) (*corev1.ConfigMap, rollout.State, error) {
	stored, err := h.client.CoreV1().ConfigMaps(h.object.Namespace).Get(ctx, h.object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, rollout.State{}, nil
	}
	if err != nil {
		return nil, nil, h.failed("cannot be read", err)
	}
	state := rollout.State{}
	for name, text := range stored.Data {
		var wave rollout.WaveState
		if err := json.Unmarshal([]byte(text), &wave); err != nil {
			return nil, nil, h.failed(fmt.Sprintf("cannot be understood: remove what it says about the wave %q, which then counts as not begun", name), err)
		}
		state[name] = wave
	}
	return stored, state, nil
}

// Update changes the state of a wave, in two requests, and as many more whenever another machine wrote in between.
func (h *Home) Update(ctx context.Context, name string, change func(*rollout.WaveState) bool) error {
	configMaps := h.client.CoreV1().ConfigMaps(h.object.Namespace)
	lost := func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }
	var unread error
	patience := wait.Backoff{Steps: 10, Duration: 20 * time.Millisecond, Factor: 2, Jitter: 0.5, Cap: 2 * time.Second}
	err := retry.OnError(patience, lost, func() error {
		stored, state, err := h.load(ctx)
		if unread = err; err != nil {
			return nil
		}
		wave := state[name]
		if !change(&wave) {
			return nil
		}
		text, err := json.Marshal(wave)
		if err != nil {
			return err
		}
		if stored == nil {
			if err := journal.EnsureNamespace(ctx, h.client, h.object.Namespace); err != nil {
				return err
			}
			stored = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
				Name: h.object.Name, Namespace: h.object.Namespace,
				Labels: map[string]string{"app.kubernetes.io/managed-by": "kubectl-coder-satellite", "app.kubernetes.io/component": "rollout"},
			}}
			stored.Data = map[string]string{name: string(redact.JSON(text))}
			_, err = configMaps.Create(ctx, stored, metav1.CreateOptions{})
			return err
		}
		if stored.Data == nil {
			stored.Data = map[string]string{}
		}
		stored.Data[name] = string(redact.JSON(text))
		_, err = configMaps.Update(ctx, stored, metav1.UpdateOptions{}) // with the resourceVersion that was read
		return err
	})
	if unread == nil && err != nil {
		return h.failed("cannot be written", err)
	}
	return unread
}

// failed says what is wrong with the home, whose ConfigMap it names.
func (h *Home) failed(what string, err error) error {
	return fmt.Errorf("the state of the rollout, in the ConfigMap %s of its home, %s: %w", h.object, what, cluster.Explain(err, h.context))
}
