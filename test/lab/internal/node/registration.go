package node

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// name is the node's name.
const name = "lab-node"

// nodeLabels are the labels that every node has and Coder's charts select. Coder v1 was built for
// only one platform.
func nodeLabels() labels.Set {
	return labels.Set{corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64", corev1.LabelHostname: name}
}

// selectsNode reports whether a pod's node selector matches the node.
func selectsNode(pod *corev1.Pod) bool {
	return labels.SelectorFromSet(pod.Spec.NodeSelector).Matches(nodeLabels())
}

// ensureNode registers the node, so that the API server finds the logs.
func (a *Agent) ensureNode(ctx context.Context) {
	if a.known("node") {
		return
	}
	nodes := a.options.Client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: nodeLabels()}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = nodes.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(a.options.Cluster.KubeletPort)
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Lab", LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}}
	if _, err := nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return
	}
	a.know("node")
}
