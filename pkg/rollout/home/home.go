// Package home keeps the state of a rollout in a cluster, so that several machines share it and anybody can continue it.
package home

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// answerTimeout bounds one reading or writing: a rollout that waits for days must not hang on a lost connection.
const answerTimeout = 30 * time.Second

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

// Rights are what its users need in that namespace; the first of them also needs to create the namespace, unless it is there.
func Rights(namespace string) (rules []cluster.Rule) {
	for _, verb := range []string{"get", "create", "update"} {
		rules = append(rules, cluster.Rule{Namespace: namespace, Resource: "configmaps", Verb: verb})
	}
	return rules
}

// Load returns the state, in one request. A rollout that has not begun has none.
func (h *Home) Load(ctx context.Context) (rollout.State, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, state, err := h.load(ctx)
	return state, h.explain(err)
}

func (h *Home) load(ctx context.Context) (*corev1.ConfigMap, rollout.State, error) {
	stored, err := h.client.CoreV1().ConfigMaps(h.object.Namespace).Get(ctx, h.object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, rollout.State{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	state := rollout.State{}
	for name, text := range stored.Data {
		var wave rollout.WaveState
		if err := json.Unmarshal([]byte(text), &wave); err != nil {
			return nil, nil, fmt.Errorf("what it says about the wave %q cannot be understood: remove that key, and the approval and the soak of the wave with it: %w", name, err)
		}
		state[name] = wave
	}
	return stored, state, nil
}

// Update changes the state of a wave, in two requests, and as many more whenever another machine wrote in between.
func (h *Home) Update(ctx context.Context, name string, change func(*rollout.WaveState) bool) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	configMaps := h.client.CoreV1().ConfigMaps(h.object.Namespace)
	lost := func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }
	patience := wait.Backoff{Steps: 10, Duration: 20 * time.Millisecond, Factor: 2, Jitter: 0.5}
	return h.explain(retry.OnError(patience, lost, func() error {
		stored, state, err := h.load(ctx)
		wave := state[name]
		if err != nil || !change(&wave) {
			return err
		}
		text, err := json.Marshal(wave)
		if err != nil {
			return err
		}
		data := map[string]string{}
		if stored != nil {
			maps.Copy(data, stored.Data)
		}
		if data[name] = string(redact.JSON(text)); stored != nil {
			stored.Data = data
			_, err = configMaps.Update(ctx, stored, metav1.UpdateOptions{}) // with the resourceVersion that was read
			return err
		}
		stored = &corev1.ConfigMap{Data: data, ObjectMeta: metav1.ObjectMeta{
			Name: h.object.Name, Namespace: h.object.Namespace,
			Labels: map[string]string{"app.kubernetes.io/managed-by": "kubectl-coder-satellite", "app.kubernetes.io/component": "rollout"},
		}}
		_, err = configMaps.Create(ctx, stored, metav1.CreateOptions{})
		if apierrors.IsNotFound(err) { // there is no such namespace
			if err = journal.EnsureNamespace(ctx, h.client, h.object.Namespace); err == nil {
				_, err = configMaps.Create(ctx, stored, metav1.CreateOptions{})
			}
		}
		return err
	}))
}

// explain names the home's ConfigMap in an error.
func (h *Home) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the state of the rollout, in the ConfigMap %s of its home, cannot be used: %w", h.object, cluster.Explain(err, h.context))
}
