#pragma once

namespace graphpatch {

class Graph;

// That each node has the arguments and results which plans and runs take for granted (an alias names one
// value, a guard looks at one number, …), and that no operator is given a tensor where it takes a number, or
// has more results than it gives. A graph may come from a file. Throws GraphpatchError naming the node.
void checkNodes(const Graph& graph);

}  // namespace graphpatch
